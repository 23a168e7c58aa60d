#include "cli/trace_source.h"

#include <fmt/core.h>

#include <filesystem>
#include <fstream>
#include <iostream>

#include "cli/table.h"
#include "cli/terminal.h"
#include "trace/csv.h"
#include "trace/generate.h"

namespace genepool::cli {
namespace {

std::string profile_names() {
  std::string names;
  for (const Profile& profile : profiles()) names += fmt::format("{}{}", names.empty() ? "" : ", ", profile.name);
  return names;
}

}  // namespace

Result<ReadTrace> load_trace(const std::string& source, std::uint64_t seed) {
  std::error_code ignored;
  const bool is_file = source == "-" || std::filesystem::exists(source, ignored);
  if (!is_file) {
    const Profile* profile = find_profile(source);
    if (profile == nullptr) return fail(Code::kNotFound, "there is neither a file nor a profile called \"{}\"; profiles: {}", source, profile_names());
    GENEPOOL_TRY(Trace trace, generate(*profile, {.seed = seed}));
    return ReadTrace{std::move(trace), 0, 0};
  }
  std::ifstream file;
  if (source != "-") file.open(source, std::ios::binary);
  std::istream& in = source == "-" ? std::cin : file;
  if (!in) return fail_errno("read " + source, errno);
  Result<ReadTrace> read = read_trace_csv(in);
  if (!read) return fail(read.error().code, "{}: {}", source, read.error().message);
  if (read->rows_moved > 0) print_note(fmt::format("{}: {} put in the order of their time", source, counted(read->rows_moved, "row")));
  if (read->rows_skipped > 0) print_note(fmt::format("{}: {} skipped: not finished", source, counted(read->rows_skipped, "row")));
  return read;
}

}  // namespace genepool::cli

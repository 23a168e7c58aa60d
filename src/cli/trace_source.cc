#include "cli/trace_source.h"

#include <fmt/core.h>

#include <cerrno>
#include <filesystem>
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

Result<ReadTrace> read_named(std::istream& in, const std::string& name) {
  Result<ReadTrace> read = read_trace_csv(in);
  if (!read) return fail(read.error().code, "{}: {}", name, read.error().message);
  note_rows(*read);
  return read;
}

}  // namespace

Result<ReadTrace> load_trace(const std::string& source, std::uint64_t seed) {
  if (source == "-") return read_named(std::cin, "stdin");
  std::error_code ignored;
  if (std::filesystem::exists(source, ignored)) {
    GENEPOOL_TRY(std::ifstream file, open_trace_file(source));
    return read_named(file, source);
  }
  const Profile* profile = find_profile(source);
  if (profile == nullptr) return fail(Code::kNotFound, "there is neither a file nor a profile called \"{}\"; profiles: {}", source, profile_names());
  GENEPOOL_TRY(Trace trace, generate(*profile, {.seed = seed}));
  return ReadTrace{std::move(trace), 0, 0};
}

void note_rows(const ReadTrace& read) {
  if (read.rows_moved > 0) print_note(fmt::format("{} came late, put in order", counted(read.rows_moved, "row")));
  if (read.rows_skipped > 0) print_note(fmt::format("{} skipped: not finished, or without a genome", counted(read.rows_skipped, "row")));
}

Result<std::ifstream> open_trace_file(const std::string& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) return fail(Code::kBadRequest, "{} is a folder, wanted is a file", path);
  std::ifstream file(path, std::ios::binary);
  if (file) return file;
  if (errno == ENOENT) return fail(Code::kNotFound, "there is no file {}", path);
  return fail_errno("read " + path, errno);
}

}  // namespace genepool::cli

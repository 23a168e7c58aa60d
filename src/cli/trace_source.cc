#include "cli/trace_source.h"

#include <fmt/format.h>

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
  for (const Profile& profile : profiles()) names.append(names.empty() ? "" : ", ").append(profile.name);
  return names;
}

Result<ReadTrace> read_named(std::istream& in, const std::string& name) {
  Result<ReadTrace> read = read_trace_csv(in);
  if (!read) read.error().message = fmt::format("{}: {}", name, read.error().message);
  return read;
}

}  // namespace

Result<std::ifstream> open_trace_file(const std::string& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) return fail(Code::kBadRequest, "{} is a folder, wanted is a file", path);
  std::ifstream file(path, std::ios::binary);
  if (file) return file;
  if (errno == ENOENT) return fail(Code::kNotFound, "there is no file {}", path);
  return fail_errno("read " + path, errno);
}

Result<ReadTrace> load_trace(const std::string& text, std::uint64_t seed) {
  if (text == "-") return read_named(std::cin, "stdin");
  std::error_code ignored;
  if (std::filesystem::exists(text, ignored)) {
    GENEPOOL_TRY(std::ifstream file, open_trace_file(text));
    return read_named(file, text);
  }
  const Profile* profile = find_profile(text);
  if (profile == nullptr) return fail(Code::kNotFound, "{} is no file and no profile, which are {}", text, profile_names());
  GENEPOOL_TRY(Trace trace, generate(*profile, {.seed = seed}));
  return ReadTrace{.trace = std::move(trace)};
}

Result<void> write_to(const std::string& path, const std::function<void(std::ostream&)>& write) {
  if (path.empty() || path == "-") {
    write(std::cout);
    return std::cout.flush() ? Result<void>() : fail_errno("write to stdout", errno);
  }
  std::ofstream file(path, std::ios::binary);
  if (file) write(file);
  if (!file.flush()) return fail_errno("write " + path, errno);
  return {};
}

void note_rows(const ReadTrace& read) {
  if (read.rows_moved > 0) print_note(counted(read.rows_moved, "row") + " out of order, sorted");
  if (read.rows_skipped > 0) print_note(counted(read.rows_skipped, "row") + " skipped: unfinished, or naming no genome");
}

}  // namespace genepool::cli

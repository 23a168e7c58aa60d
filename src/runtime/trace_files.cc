#include "runtime/trace_files.h"

#include <fmt/chrono.h>
#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <fstream>

#include "trace/csv.h"
#include "trace/date_time.h"

namespace genepool {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = "trace-", kSuffix = "Z.csv";
constexpr std::string_view kPattern = "00000000T000000.000";  // each 0 a digit

bool fits_pattern(std::string_view text) {
  return std::ranges::equal(text, kPattern, [](char c, char wanted) { return wanted == '0' ? c >= '0' && c <= '9' : c == wanted; });
}

// The row with its time `later_s` later; nothing when it has none.
std::optional<std::string> shifted(std::string_view row, double later_s) {
  double t = 0;
  const auto [end, error] = std::from_chars(row.data(), row.data() + row.size(), t);
  const auto read = static_cast<std::size_t>(end - row.data());
  if (error != std::errc() || read >= row.size() || row[read] != ',' || !(t >= 0 && t <= kMaxTraceSeconds)) return std::nullopt;
  if (row.find('\0') != std::string_view::npos) return std::nullopt;  // what a lost write leaves
  return fmt::format("{}{}\n", std::round((t + later_s) * 1e6) / 1e6, row.substr(read));
}

Result<void> append_file(const RecordedFile& file, double later_s, std::ostream& out, JoinedTrace& joined) {
  std::ifstream in(file.path, std::ios::binary);
  if (!in) return {};
  std::string row;
  if (!std::getline(in, row)) return {};
  if (row + '\n' != trace_csv_header()) return fail(Code::kBadRequest, "{}: line 1: is not the header of a recorded trace", file.path);
  while (std::getline(in, row)) {
    const std::optional<std::string> later = in.eof() ? std::nullopt : shifted(row, later_s);
    ++(later ? joined.rows : joined.rows_skipped);
    if (later) out << *later;
  }
  if (in.bad()) return fail(Code::kIo, "read {}: the disk fails", file.path);
  return {};
}

}  // namespace

std::string recorded_dir(const std::string& data_dir) { return data_dir + "/traces"; }

std::string recorded_name(std::int64_t began_ms) {
  const std::time_t seconds = began_ms / 1000;
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  return fmt::format("{}{:%Y%m%dT%H%M%S}.{:03}{}", kPrefix, utc, began_ms % 1000, kSuffix);
}

std::optional<std::int64_t> recorded_began_ms(std::string_view name) {
  if (!name.starts_with(kPrefix) || !name.ends_with(kSuffix)) return std::nullopt;
  name = name.substr(kPrefix.size(), name.size() - kPrefix.size() - kSuffix.size());
  if (!fits_pattern(name)) return std::nullopt;
  const auto part = [&](std::size_t at, std::size_t size) { return name.substr(at, size); };
  const auto seconds = parse_date_time(fmt::format("{}-{}-{}T{}:{}:{}Z", part(0, 4), part(4, 2), part(6, 2), part(9, 2), part(11, 2), part(13, 6)));
  if (!seconds) return std::nullopt;
  return std::llround(*seconds * 1000);
}

Result<std::vector<RecordedFile>> recorded_files(const std::string& dir) {
  std::vector<RecordedFile> files;
  std::error_code error;
  for (fs::directory_iterator entry(dir, error); !error && entry != fs::directory_iterator(); entry.increment(error)) {
    const auto began_ms = recorded_began_ms(entry->path().filename().string());
    std::error_code is_gone;
    const std::uint64_t bytes = began_ms ? entry->file_size(is_gone) : 0;
    if (began_ms && !is_gone) files.push_back({entry->path().string(), *began_ms, bytes});
  }
  if (error && error != std::errc::no_such_file_or_directory) return fail_errno("list " + dir, error.value());
  std::ranges::sort(files, {}, &RecordedFile::began_ms);
  return files;
}

Result<JoinedTrace> join_recorded(std::span<const RecordedFile> files, std::ostream& out) {
  JoinedTrace joined;
  out << trace_csv_header();
  for (const RecordedFile& file : files) {
    GENEPOOL_TRY_VOID(append_file(file, static_cast<double>(file.began_ms - files.front().began_ms) / 1e3, out, joined));
  }
  return joined;
}

}  // namespace genepool

#include "runtime/trace_writer.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <filesystem>

#include "runtime/trace_files.h"
#include "trace/csv.h"

namespace genepool {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kFilesOfBytes = 4;  // a file takes this part of the bytes allowed

}  // namespace

Result<void> TraceWriter::write(std::span<const RecordedRequest> rows, std::uint64_t most_bytes) {
  if (rows.empty()) return {};
  const bool is_full = file_bytes_ + rows.size() * kMostRowBytes > most_bytes / kFilesOfBytes;
  if (is_full || most_bytes != most_bytes_ || is_removed()) file_.reset();
  if (!file_.is_open()) {
    GENEPOOL_TRY_VOID(open_file(std::ranges::min(rows, {}, &RecordedRequest::arrived).arrived, most_bytes));
  }
  GENEPOOL_TRY(const std::string text, text_of(rows));
  return append(text);
}

bool TraceWriter::is_removed() const {
  struct stat status {};
  return file_.is_open() && ::fstat(file_.get(), &status) == 0 && status.st_nlink == 0;
}

// The file begins when its first request arrived, in whole milliseconds, and never before the one before it.
Result<void> TraceWriter::open_file(Instant first_arrival, std::uint64_t most_bytes) {
  const std::string dir = recorded_dir(data_dir_);
  if (::mkdir(dir.c_str(), 0700) != 0 && errno != EEXIST) return fail_errno("make the folder " + dir, errno);
  GENEPOOL_TRY_VOID(make_room(dir, most_bytes));
  const std::int64_t now_ms = unix_ms();
  const Instant now = monotonic_now();
  began_ms_ = std::max(now_ms - static_cast<std::int64_t>(std::ceil(to_ms(now - first_arrival))), began_ms_ + 1);
  while (true) {
    const std::string path = dir + "/" + recorded_name(began_ms_);
    file_.reset(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600));
    if (file_.is_open()) break;
    if (errno != EEXIST) return fail_errno("write the trace " + path, errno);
    ++began_ms_;
  }
  began_ = now - std::chrono::milliseconds(now_ms - began_ms_);
  file_bytes_ = 0;
  most_bytes_ = most_bytes;
  Result<void> headed = append(trace_csv_header());
  if (!headed) file_.reset();
  return headed;
}

Result<void> TraceWriter::make_room(const std::string& dir, std::uint64_t most_bytes) {
  GENEPOOL_TRY(const std::vector<RecordedFile> files, recorded_files(dir));
  const std::uint64_t room = most_bytes - most_bytes / kFilesOfBytes;
  std::uint64_t bytes = 0;
  for (const RecordedFile& file : files) bytes += file.bytes;
  std::size_t count = files.size();
  for (const RecordedFile& file : files) {
    if (bytes <= room && count < kMostFiles) break;
    std::error_code error;
    fs::remove(file.path, error);
    if (error) return fail_errno("remove the trace " + file.path, error.value());
    bytes -= file.bytes;
    --count;
  }
  return {};
}

Result<std::string> TraceWriter::text_of(std::span<const RecordedRequest> rows) {
  std::string text;
  for (const RecordedRequest& row : rows) {
    if (row.user != 0 && !key_) {
      GENEPOOL_TRY(key_, UserKey::load(data_dir_ + "/trace.key"));
    }
    // A request that began before its file did, because it took long, is told at the file's beginning.
    const double t_us = std::round(to_ms(std::max(row.arrived - began_, Duration{})) * 1e3);
    const std::string genome = fmt::format("{:016x}", row.genome), user = row.user == 0 ? "" : key_->name_of(row.user);
    text += trace_csv_row({.t_seconds = t_us / 1e6,
                           .genome = genome,
                           .user = user,
                           .prompt_tokens = row.prompt_tokens,
                           .output_tokens = row.output_tokens,
                           .load_cost_s = std::round(row.load_cost_s * 1e6) / 1e6,
                           .bytes = row.bytes});
  }
  return text;
}

// What was written in part is taken back: the file stays one of whole rows.
Result<void> TraceWriter::append(std::string_view text) {
  const std::uint64_t before = file_bytes_;
  while (!text.empty()) {
    const ssize_t n = ::write(file_.get(), text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      const int error = errno;
      if (::ftruncate(file_.get(), static_cast<off_t>(before)) != 0) file_.reset();  // a reader skips its last row
      file_bytes_ = before;
      return fail_errno("write the trace in " + recorded_dir(data_dir_), error);
    }
    text.remove_prefix(static_cast<std::size_t>(n));
    file_bytes_ += static_cast<std::uint64_t>(n);
  }
  return {};
}

}  // namespace genepool

// TraceWriter: appends what was asked for to the data directory's recorded traces (trace_files.h), within bounds: a file is closed
// at a quarter of the bytes allowed, and the oldest files go before all together would take more, or be more than kMostFiles.
// Identities, sizes and times only: what was said is never known here.
// Owner: TraceRecorder. Thread: one at a time; blocks on the disk. Memory: one batch as text.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "base/unique_fd.h"
#include "runtime/user_key.h"

namespace genepool {

struct RecordedRequest {
  Instant arrived{};
  std::uint64_t genome = 0;  // the identity's first 8 bytes, the first of them the highest: its first 16 hex digits
  std::uint64_t user = 0;    // GenerateParams::user; 0 = not told
  std::uint32_t prompt_tokens = 0, output_tokens = 0;
  double load_cost_s = 0;    // of the page-in that it waited for; 0 = none
  std::uint64_t bytes = 0;   // of its genome's page; 0 = not told
};

class TraceWriter {
 public:
  static constexpr std::size_t kMostFiles = 256;
  static constexpr std::size_t kMostRowBytes = 160;

  explicit TraceWriter(std::string data_dir) : data_dir_(std::move(data_dir)) {}

  // All rows or none. Requires: they fit a quarter of `most_bytes` at kMostRowBytes each. kIo, kStoreFull.
  [[nodiscard]] Result<void> write(std::span<const RecordedRequest> rows, std::uint64_t most_bytes);

 private:
  [[nodiscard]] Result<void> open_file(Instant first_arrival, std::uint64_t most_bytes);
  [[nodiscard]] Result<void> make_room(const std::string& dir, std::uint64_t most_bytes);
  [[nodiscard]] Result<std::string> text_of(std::span<const RecordedRequest> rows);
  [[nodiscard]] Result<void> append(std::string_view text);
  [[nodiscard]] bool is_removed() const;  // somebody else has deleted the file that is written

  std::string data_dir_;
  std::optional<UserKey> key_;
  UniqueFd file_;
  std::uint64_t file_bytes_ = 0, most_bytes_ = 0;
  Instant began_{};
  std::int64_t began_ms_ = 0;  // of the file, the latest so far
};

}  // namespace genepool

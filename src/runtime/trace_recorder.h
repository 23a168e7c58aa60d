// TraceRecorder: what clients ask for becomes a trace that the simulator can play: identities, sizes and times, never texts.
// note() puts a row into a buffer; flush() writes the buffer (trace_writer.h). When the disk refuses, recording pauses for
// kPause and says so in the log; serving never notices. What does not fit the buffer, or came in a pause, is counted.
// Owner: the runtime. Thread: any; only flush() and status() block, on the disk. Memory: kMostRows rows.
// Use:   recorder.note({.arrived = request.arrived, .genome = ...});   on the strand
//        if (recorder.wants_flush()) errands.submit([&] { recorder.flush(monotonic_now()); });   each second
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "runtime/trace_writer.h"

namespace genepool {

struct TraceStatus {
  bool is_recording = false;
  std::string paused_because;        // "" = not paused
  std::string directory;
  std::uint64_t files = 0, bytes = 0, limit_bytes = 0;
  std::optional<std::int64_t> since_ms;  // Unix time, of the oldest file
  std::uint64_t rows = 0, rows_lost = 0;  // since this process began
};

// What lies on the disk: directory, files, bytes, since. kIo.
[[nodiscard]] Result<TraceStatus> recorded_status(const std::string& directory);

class TraceRecorder {
 public:
  static constexpr std::size_t kMostRows = 8192;
  static constexpr Duration kPause = std::chrono::seconds(60);

  explicit TraceRecorder(std::string data_dir);
  void configure(bool is_recording, std::uint64_t most_bytes);

  void note(const RecordedRequest& request);

  // There is something to write and nobody was sent to do so yet: whoever is told so sees to a flush().
  [[nodiscard]] bool wants_flush();
  void flush(Instant now);
  [[nodiscard]] TraceStatus status(Instant now);  // flushes first

 private:
  [[nodiscard]] std::vector<RecordedRequest> take_rows();
  void on_written(const Result<void>& written, std::size_t rows, Instant now);
  void warn_of_lost_rows();

  const std::string directory_;

  std::mutex disk_mutex_;  // guards what follows up to mutex_; taken first, held over the disk
  TraceWriter writer_;
  std::optional<Instant> paused_until_;

  std::mutex mutex_;  // guards all below; never held over the disk
  std::vector<RecordedRequest> rows_;
  bool is_recording_ = false, is_flush_asked_ = false, is_loss_logged_ = false;
  std::uint64_t most_bytes_ = 0, written_ = 0, lost_ = 0;
  std::string paused_because_;
};

}  // namespace genepool

#include "runtime/trace_recorder.h"

#include <utility>

#include "base/log.h"
#include "runtime/trace_files.h"

namespace genepool {

Result<TraceStatus> recorded_status(const std::string& directory) {
  TraceStatus status{.directory = directory};
  GENEPOOL_TRY(const std::vector<RecordedFile> files, recorded_files(directory));
  status.files = files.size();
  for (const RecordedFile& file : files) status.bytes += file.bytes;
  if (!files.empty()) status.since_ms = files.front().began_ms;
  return status;
}

TraceRecorder::TraceRecorder(std::string data_dir) : directory_(recorded_dir(data_dir)), writer_(std::move(data_dir)) {}

void TraceRecorder::configure(bool is_recording, std::uint64_t most_bytes) {
  const std::lock_guard lock(mutex_);
  is_recording_ = is_recording;
  most_bytes_ = most_bytes;
}

void TraceRecorder::note(const RecordedRequest& request) {
  const std::lock_guard lock(mutex_);
  if (!is_recording_) return;
  if (rows_.size() < kMostRows) {
    rows_.push_back(request);
  } else {
    ++lost_;
  }
}

bool TraceRecorder::wants_flush() {
  const std::lock_guard lock(mutex_);
  return !rows_.empty() && !std::exchange(is_flush_asked_, true);
}

std::vector<RecordedRequest> TraceRecorder::take_rows() {
  const std::lock_guard lock(mutex_);
  is_flush_asked_ = false;
  return std::exchange(rows_, {});
}

void TraceRecorder::flush(Instant now) {
  const std::lock_guard disk(disk_mutex_);
  const std::vector<RecordedRequest> rows = take_rows();
  if (rows.empty()) return;
  std::uint64_t most_bytes = 0;
  {
    const std::lock_guard lock(mutex_);
    most_bytes = most_bytes_;
    if (paused_until_ && now < *paused_until_) {
      lost_ += rows.size();
      return;
    }
  }
  on_written(writer_.write(rows, most_bytes), rows.size(), now);
  warn_of_lost_rows();
}

void TraceRecorder::on_written(const Result<void>& written, std::size_t rows, Instant now) {
  const bool was_paused = paused_until_.has_value();
  paused_until_ = written ? std::nullopt : std::optional(now + kPause);
  if (written && was_paused) log(Level::kInfo, "trace recording goes on");
  if (!written && !was_paused) log(Level::kWarn, "trace recording pauses", {{"error", written.error().message}});
  const std::lock_guard lock(mutex_);
  (written ? written_ : lost_) += rows;
  paused_because_ = written ? "" : written.error().message;
}

// Once: whoever wants the number asks for the status.
void TraceRecorder::warn_of_lost_rows() {
  {
    const std::lock_guard lock(mutex_);
    const bool is_new = lost_ > 0 && paused_because_.empty() && !is_loss_logged_;
    if (!is_new) return;
    is_loss_logged_ = true;
  }
  log(Level::kWarn, "the recorded trace lacks requests: `genepool trace record` tells how many");
}

TraceStatus TraceRecorder::status(Instant now) {
  flush(now);
  TraceStatus status = recorded_status(directory_).value_or(TraceStatus{.directory = directory_});
  const std::lock_guard lock(mutex_);
  status.is_recording = is_recording_;
  status.paused_because = paused_because_;
  status.limit_bytes = most_bytes_;
  status.rows = written_;
  status.rows_lost = lost_;
  return status;
}

}  // namespace genepool

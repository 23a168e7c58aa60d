#include "runtime/trace_recorder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/temporary_dir.h"
#include "runtime/trace_files.h"
#include "trace/csv.h"

namespace genepool {
namespace {

using testing::HasSubstr;

constexpr std::uint64_t kBytes = 8 << 20;
constexpr Duration kSecond = std::chrono::seconds(1);

class TraceRecorderTest : public testing::Test {
 protected:
  TraceRecorderTest() {
    recorder_.emplace(dir_);
    recorder_->configure(true, kBytes);
  }

  std::vector<RecordedFile> files() const { return recorded_files(dir_ + "/traces").value(); }
  std::uint64_t bytes() const {
    std::uint64_t all = 0;
    for (const RecordedFile& file : files()) all += file.bytes;
    return all;
  }
  ReadTrace recorded() const {
    std::stringstream joined;
    EXPECT_TRUE(join_recorded(files(), joined));
    return read_trace_csv(joined).value();
  }
  void note(std::size_t rows) {
    for (std::size_t i = 0; i < rows; ++i) recorder_->note({.arrived = now_, .genome = i, .load_cost_s = 0.123456, .bytes = 1'000'000});
  }

  const TemporaryDir temporary_ = TemporaryDir::make().value();
  const std::string dir_ = temporary_.path();
  std::optional<TraceRecorder> recorder_;
  const Instant now_ = monotonic_now();
};

TEST_F(TraceRecorderTest, a_row_tells_who_what_when_and_how_much) {
  recorder_->note({.arrived = now_ - 4 * kSecond, .genome = 0xab, .user = 7, .prompt_tokens = 3, .output_tokens = 5, .load_cost_s = 0.25, .bytes = 99});
  recorder_->note({.arrived = now_ - kSecond, .genome = 0xcd});
  const TraceStatus status = recorder_->status(now_);
  EXPECT_TRUE(status.is_recording);
  EXPECT_EQ(status.rows, 2U);
  EXPECT_EQ(status.files, 1U);
  EXPECT_EQ(status.since_ms, files().front().began_ms);
  const Trace trace = recorded().trace;
  ASSERT_EQ(trace.requests.size(), 2U);
  EXPECT_EQ(trace.genomes[0].name, "00000000000000ab");
  EXPECT_EQ(trace.genomes[0].load_cost_s, 0.25);
  EXPECT_EQ(trace.genomes[0].bytes, 99U);
  EXPECT_EQ(trace.genomes[1].name, "00000000000000cd");
  EXPECT_EQ(trace.requests[0].prompt_tokens, 3U);
  EXPECT_EQ(trace.requests[0].output_tokens, 5U);
  ASSERT_EQ(trace.users.size(), 1U);
  EXPECT_EQ(trace.users[0], UserKey::load(dir_ + "/trace.key")->name_of(7));
  EXPECT_EQ(trace.requests[1].user, kNoUser);
  EXPECT_LT(trace.requests[0].t_seconds, 0.002) << "the file begins with its first request";
  EXPECT_NEAR(trace.requests[1].t_seconds - trace.requests[0].t_seconds, 3, 1e-6);
}

TEST_F(TraceRecorderTest, a_request_from_before_its_file_is_told_at_its_beginning) {
  recorder_->note({.arrived = now_, .genome = 1});
  recorder_->flush(now_);
  recorder_->note({.arrived = now_ - 60 * kSecond, .genome = 2});
  recorder_->flush(now_);
  EXPECT_EQ(files().size(), 1U);
  EXPECT_EQ(recorded().trace.requests.front().t_seconds, 0);
}

TEST_F(TraceRecorderTest, nothing_is_written_while_it_is_off) {
  recorder_->configure(false, kBytes);
  note(3);
  EXPECT_FALSE(recorder_->wants_flush());
  EXPECT_EQ(recorder_->status(now_).rows, 0U);
  EXPECT_FALSE(std::filesystem::exists(dir_ + "/traces"));
}

TEST_F(TraceRecorderTest, one_flush_is_asked_for_at_a_time) {
  EXPECT_FALSE(recorder_->wants_flush());
  note(1);
  EXPECT_TRUE(recorder_->wants_flush());
  EXPECT_FALSE(recorder_->wants_flush()) << "one is under way";
  recorder_->flush(now_);
  note(1);
  EXPECT_TRUE(recorder_->wants_flush());
}

TEST_F(TraceRecorderTest, all_files_together_keep_to_their_bytes_and_the_oldest_go) {
  std::uint64_t rows = 0;
  for (int i = 0; i < 24; ++i) {
    note(TraceRecorder::kMostRows);
    rows += TraceRecorder::kMostRows;
    recorder_->flush(now_);
    ASSERT_LE(bytes(), kBytes) << i;
  }
  EXPECT_EQ(recorder_->status(now_).rows, rows);
  EXPECT_GT(bytes(), kBytes / 2) << "it is used";
  for (const RecordedFile& file : files()) EXPECT_LE(file.bytes, kBytes / 4);
  EXPECT_LT(recorded().trace.requests.size(), rows);
  recorder_->configure(true, 4 * kBytes);
  note(1);
  recorder_->flush(now_);
  const std::size_t before = files().size();
  recorder_->configure(true, kBytes);
  note(1);
  recorder_->flush(now_);
  EXPECT_LE(bytes(), kBytes);
  EXPECT_LE(files().size(), before + 1);
}

TEST_F(TraceRecorderTest, so_do_many_small_files) {
  for (std::size_t i = 0; i < TraceWriter::kMostFiles + 10; ++i) {
    recorder_.emplace(dir_);  // as each start of the server
    recorder_->configure(true, kBytes);
    note(1);
    recorder_->flush(now_);
  }
  EXPECT_EQ(files().size(), TraceWriter::kMostFiles);
}

TEST_F(TraceRecorderTest, what_does_not_fit_the_buffer_is_counted) {
  note(TraceRecorder::kMostRows + 5);
  const TraceStatus status = recorder_->status(now_);
  EXPECT_EQ(status.rows, TraceRecorder::kMostRows);
  EXPECT_EQ(status.rows_lost, 5U);
}

TEST_F(TraceRecorderTest, a_disk_that_refuses_makes_a_pause) {
  std::ofstream(dir_ + "/traces") << "a file where the folder should be";
  note(2);
  TraceStatus status = recorder_->status(now_);
  EXPECT_THAT(status.paused_because, HasSubstr("/traces"));
  EXPECT_EQ(status.rows_lost, 2U);
  std::filesystem::remove(dir_ + "/traces");
  note(1);
  EXPECT_EQ(recorder_->status(now_ + TraceRecorder::kPause - kSecond).rows_lost, 3U) << "still in the pause";
  note(1);
  status = recorder_->status(now_ + TraceRecorder::kPause);
  EXPECT_EQ(status.paused_because, "");
  EXPECT_EQ(status.rows, 1U);
}

TEST_F(TraceRecorderTest, a_disk_that_is_full_leaves_whole_rows) {
  note(1);
  recorder_->flush(now_);
  const std::uint64_t before = bytes();
  rlimit unlimited{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &unlimited), 0);
  const rlimit limited{before + 30, unlimited.rlim_max};
  ::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limited), 0);
  note(3);
  recorder_->flush(now_);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &unlimited), 0);
  EXPECT_EQ(bytes(), before);
  note(2);
  const TraceStatus status = recorder_->status(now_ + TraceRecorder::kPause);
  EXPECT_EQ(status.rows, 3U);
  EXPECT_EQ(status.rows_lost, 3U);
  EXPECT_EQ(recorded().trace.requests.size(), 3U);
}

TEST_F(TraceRecorderTest, a_file_that_somebody_deleted_is_followed_by_another) {
  note(1);
  recorder_->flush(now_);
  std::filesystem::remove_all(dir_ + "/traces");
  note(1);
  recorder_->flush(now_);
  EXPECT_EQ(files().size(), 1U);
  EXPECT_EQ(recorded().trace.requests.size(), 1U);
}

}  // namespace
}  // namespace genepool

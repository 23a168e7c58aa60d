#include "runtime/trace_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/temporary_dir.h"
#include "trace/csv.h"

namespace genepool {
namespace {

constexpr std::int64_t kBegan = 1'927'857'906'789;  // 2031-02-03 04:05:06.789 UTC

class TraceFiles : public testing::Test {
 protected:
  void write(std::int64_t began_ms, const std::string& text) const {
    std::ofstream(dir_ + "/" + recorded_name(began_ms), std::ios::binary) << text;
  }
  Result<JoinedTrace> join() {
    std::ostringstream out;
    const auto joined = join_recorded(recorded_files(dir_).value(), out);
    text_ = out.str();
    return joined;
  }

  const TemporaryDir temporary_ = TemporaryDir::make().value();
  const std::string dir_ = temporary_.path();
  std::string text_;
};

TEST_F(TraceFiles, a_name_is_when_the_file_began) {
  EXPECT_EQ(recorded_name(kBegan), "trace-20310203T040506.789Z.csv");
  EXPECT_EQ(recorded_began_ms("trace-20310203T040506.789Z.csv"), kBegan);
  for (const char* other : {"trace-.csv", "trace-20310203T040506Z.csv", "trace-20311303T040506.789Z.csv", "20310203T040506.789Z.csv",
                            "trace-20310203T040506.789Z.csv.gz", "trace-2031020aT040506.789Z.csv"}) {
    EXPECT_FALSE(recorded_began_ms(other)) << other;
  }
}

TEST_F(TraceFiles, the_oldest_is_first_and_other_files_are_none) {
  write(kBegan + 1, "b");
  write(kBegan, "aa");
  std::ofstream(dir_ + "/notes.txt") << "x";
  const auto files = recorded_files(dir_);
  ASSERT_TRUE(files);
  ASSERT_EQ(files->size(), 2U);
  EXPECT_EQ((*files)[0].bytes, 2U);
  EXPECT_EQ((*files)[1].began_ms, kBegan + 1);
  EXPECT_EQ(recorded_files(dir_ + "/none")->size(), 0U);
  EXPECT_FALSE(recorded_files(dir_ + "/notes.txt"));
}

TEST_F(TraceFiles, times_go_on_from_file_to_file) {
  write(kBegan, trace_csv_header() + "0.25,aa,,3,,0.5,100\n1,bb,cc,,,,\n");
  write(kBegan + 10'500, trace_csv_header() + "0.000001,aa,,,,,\n");
  const auto joined = join();
  ASSERT_TRUE(joined);
  EXPECT_EQ(joined->rows, 3U);
  EXPECT_EQ(text_, trace_csv_header() + "0.25,aa,,3,,0.5,100\n1,bb,cc,,,,\n10.500001,aa,,,,,\n");
  std::istringstream in(text_);
  EXPECT_EQ(read_trace_csv(in)->trace.requests.size(), 3U);
}

TEST_F(TraceFiles, what_a_crash_left_is_skipped) {
  using std::string_literals::operator""s;
  write(kBegan, "");
  write(kBegan + 1, trace_csv_header() + "\0\0\0\n"s + "1,a\0,,,,,\n"s + "x,a,,,,,\n2,bb,,,,,\n3,aa,,");
  const auto joined = join();
  ASSERT_TRUE(joined);
  EXPECT_EQ(joined->rows, 1U);
  EXPECT_EQ(joined->rows_skipped, 4U);
  EXPECT_EQ(text_, trace_csv_header() + "2.001,bb,,,,,\n");
}

TEST_F(TraceFiles, another_file_under_such_a_name_is_refused) {
  write(kBegan, "dear diary\n1,a\n");
  const auto joined = join();
  ASSERT_FALSE(joined);
  EXPECT_THAT(joined.error().message, testing::HasSubstr(recorded_name(kBegan) + ": line 1: "));
}

}  // namespace
}  // namespace genepool

#include "cli/trace_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "base/temporary_dir.h"

namespace genepool::cli {
namespace {

using testing::HasSubstr;

class TraceSource : public testing::Test {
 protected:
  std::string file_of(const std::string& text) const {
    std::ofstream(dir_ + "/x.csv", std::ios::binary) << text;
    return dir_ + "/x.csv";
  }

  const TemporaryDir temporary_ = TemporaryDir::make().value();
  const std::string dir_ = temporary_.path();
};

TEST_F(TraceSource, a_file_is_read) {
  testing::internal::CaptureStderr();
  const auto read = load_trace(file_of("t_seconds,genome\n2,a\n1,b\n3,c"), 1);
  const std::string notes = testing::internal::GetCapturedStderr();
  ASSERT_TRUE(read) << read.error().message;
  ASSERT_EQ(read->trace.requests.size(), 2U);
  EXPECT_EQ(read->trace.genomes[read->trace.requests[0].genome].name, "b");
  EXPECT_EQ(notes, "genepool: 1 row came late, put in order\ngenepool: 1 row skipped: not finished, or without a genome\n");
}

TEST_F(TraceSource, a_profile_is_generated_with_the_seed) {
  const auto one = load_trace("drift", 1), again = load_trace("drift", 1), two = load_trace("drift", 2);
  ASSERT_TRUE(one && again && two);
  EXPECT_EQ(one->trace.requests.size(), 26'800U);
  EXPECT_EQ(one->trace.requests[5].t_seconds, again->trace.requests[5].t_seconds);
  EXPECT_NE(one->trace.requests[5].t_seconds, two->trace.requests[5].t_seconds);
}

TEST_F(TraceSource, errors_name_the_file_and_its_line) {
  const auto bad = load_trace(file_of("t_seconds,genome\n1,a\nx,b\n"), 1);
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().message, dir_ + "/x.csv: line 3: t_seconds is not a number: \"x\"");
  const auto folder = load_trace(dir_, 1);
  ASSERT_FALSE(folder);
  EXPECT_EQ(folder.error().code, Code::kBadRequest);
}

TEST_F(TraceSource, what_is_neither_is_not_found_and_the_profiles_are_named) {
  const auto none = load_trace("drfit", 1);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, Code::kNotFound);
  EXPECT_THAT(none.error().message, HasSubstr("model-skew, drift, persona-sessions"));
}

}  // namespace
}  // namespace genepool::cli

#include "trace/trace_builder.h"

#include <gtest/gtest.h>

#include <cmath>

namespace genepool {
namespace {

TEST(TraceBuilder, times_may_be_counted_from_the_first_request) {
  TraceBuilder builder;
  ASSERT_TRUE(builder.add({.t_seconds = 5, .genome = "a"}));
  ASSERT_TRUE(builder.add({.t_seconds = -1, .genome = "b"}));
  const ReadTrace read = std::move(builder).finish(TraceBuilder::Times::kFromFirst).value();
  EXPECT_EQ(read.trace.requests[0].t_seconds, 0);
  EXPECT_EQ(read.trace.requests[0].genome, 1U);
  EXPECT_EQ(read.trace.requests[1].t_seconds, 6);
  EXPECT_EQ(read.rows_moved, 1U);
}

TEST(TraceBuilder, a_genome_and_a_user_may_have_the_same_name) {
  TraceBuilder builder;
  ASSERT_TRUE(builder.add({.genome = "x", .user = "y"}));
  ASSERT_TRUE(builder.add({.genome = "y", .user = "x"}));
  const Trace trace = std::move(builder).finish().value().trace;
  EXPECT_EQ(trace.genomes[trace.requests[1].genome].name, "y");
  EXPECT_EQ(trace.users[trace.requests[1].user], "x");
}

TEST(TraceBuilder, what_says_nothing_sensible_is_refused) {
  TraceBuilder builder;
  EXPECT_EQ(builder.add({.t_seconds = NAN, .genome = "a"}).error().code, Code::kBadRequest);
  EXPECT_EQ(builder.add({.t_seconds = 2 * kMaxTraceSeconds, .genome = "a"}).error().code, Code::kBadRequest);
  EXPECT_EQ(builder.add({.genome = "a", .user = "\n"}).error().code, Code::kBadRequest);
  EXPECT_EQ(builder.add({.user = "u"}).error().code, Code::kBadRequest);
  EXPECT_TRUE(std::move(builder).finish().value().trace.requests.empty());
}

TEST(TraceBuilder, more_names_than_the_bound_are_refused) {
  TraceBuilder builder;
  for (std::size_t i = 0; i < kMaxTraceNames; ++i) {
    const std::string name = std::to_string(i);
    ASSERT_TRUE(builder.add({.genome = name}));
  }
  EXPECT_EQ(builder.add({.genome = "one more"}).error().code, Code::kTooLarge);
  EXPECT_TRUE(builder.add({.genome = "7"})) << "known";
}

}  // namespace
}  // namespace genepool

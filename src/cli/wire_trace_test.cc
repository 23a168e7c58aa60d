#include "cli/wire_trace.h"

#include <gtest/gtest.h>

namespace genepool::cli {
namespace {

TEST(WireTrace, what_a_server_says_comes_back_as_it_was) {
  const TraceStatus status{.is_recording = true,
                           .paused_because = "the disk is full",
                           .directory = "/data/traces",
                           .files = 2,
                           .bytes = 300,
                           .limit_bytes = 400,
                           .since_ms = 5,
                           .rows = 7,
                           .rows_lost = 1};
  const auto back = parse_trace_status(json_of(status));
  ASSERT_TRUE(back);
  EXPECT_TRUE(back->is_recording);
  EXPECT_EQ(back->paused_because, "the disk is full");
  EXPECT_EQ(back->directory, "/data/traces");
  EXPECT_EQ(back->files, 2U);
  EXPECT_EQ(back->bytes, 300U);
  EXPECT_EQ(back->limit_bytes, 400U);
  EXPECT_EQ(back->since_ms, 5);
  EXPECT_EQ(back->rows, 7U);
  EXPECT_EQ(back->rows_lost, 1U);
}

TEST(WireTrace, what_is_null_is_nothing) {
  const auto back = parse_trace_status(json_of(TraceStatus{}));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->paused_because, "");
  EXPECT_FALSE(back->since_ms.has_value());
  EXPECT_FALSE(parse_trace_status("no json"));
}

}  // namespace
}  // namespace genepool::cli

#include "sim/timeline.h"

#include <gtest/gtest.h>

namespace genepool {
namespace {

using namespace std::chrono_literals;

Trace from_to(double first_s, double last_s) {
  Trace trace;
  trace.requests = {{.t_seconds = first_s}, {.t_seconds = last_s}};
  return trace;
}

TEST(Timeline, requests_count_where_they_came) {
  Timeline timeline(from_to(1000, 1200));  // parts of 2 s
  EXPECT_EQ(timeline.part_seconds(), 2);
  timeline.on_arrival(1000s);
  timeline.on_arrival(1001s);
  timeline.on_miss(1001s);
  timeline.on_arrival(1002s);
  timeline.on_refusal(1200s);
  EXPECT_EQ(timeline.parts()[0].requests, 2U);
  EXPECT_EQ(timeline.parts()[0].misses, 1U);
  EXPECT_EQ(timeline.parts()[1].requests, 1U);
  EXPECT_EQ(timeline.parts()[Timeline::kParts - 1].refused, 1U) << "the last moment is in the last part";
}

TEST(Timeline, places_are_held_part_by_part_and_not_beyond_the_trace) {
  Timeline timeline(from_to(1000, 1200));
  timeline.on_held(3, 1001s, 1005s);
  EXPECT_EQ(timeline.parts()[0].slot_seconds, 3);
  EXPECT_EQ(timeline.parts()[1].slot_seconds, 6);
  EXPECT_EQ(timeline.parts()[2].slot_seconds, 3);
  timeline.on_held(1, 1199s, 2000s);
  EXPECT_EQ(timeline.parts()[Timeline::kParts - 1].slot_seconds, 1);
}

TEST(Timeline, a_trace_without_length_is_one_part) {
  Timeline timeline(from_to(5, 5));
  timeline.on_arrival(5s);
  timeline.on_held(1, 5s, 9s);
  EXPECT_EQ(timeline.parts()[0].requests, 1U);
  EXPECT_EQ(timeline.parts()[0].slot_seconds, 0);
  EXPECT_EQ(Timeline(Trace{}).parts()[0].requests, 0U);
}

}  // namespace
}  // namespace genepool

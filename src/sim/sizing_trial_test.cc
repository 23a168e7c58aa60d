#include "sim/sizing_trial.h"

#include <gtest/gtest.h>

#include <string_view>

namespace genepool {
namespace {

// Letters are genomes.
Trace trace_of(std::string_view letters, double gap_seconds = 60) {
  Trace trace;
  for (const char letter : letters) {
    const double t_seconds = gap_seconds * static_cast<double>(trace.requests.size());
    trace.requests.push_back({.t_seconds = t_seconds, .genome = static_cast<std::uint32_t>(letter)});
  }
  return trace;
}

std::string repeated(std::string_view letters, int times) {
  std::string text;
  for (int i = 0; i < times; ++i) text += letters;
  return text;
}

TEST(SizingTrial, fixed_sizes_are_replayed) {
  const SlotUse use = slot_use(trace_of("ABABCABC"), 0);
  EXPECT_DOUBLE_EQ(use.seconds, 7 * 60);
  EXPECT_EQ(use.misses[0], 8U);
  EXPECT_EQ(use.misses[1], 8U);
  EXPECT_EQ(use.misses[2], 6U) << "the second A and B hit";
  EXPECT_EQ(use.misses[3], 3U) << "first uses";
  EXPECT_EQ(use.misses[21], 3U);
}

TEST(SizingTrial, a_part_of_a_trace_finds_the_cache_as_it_was_left) {
  const SlotUse use = slot_use(trace_of("ABABCABC"), 5);
  EXPECT_DOUBLE_EQ(use.seconds, 2 * 60);
  EXPECT_EQ(use.misses[2], 3U);
  EXPECT_EQ(use.misses[3], 0U);
}

TEST(SizingTrial, a_price_makes_its_size_the_best_one) {
  const SlotUse use = slot_use(trace_of("ABABCABC"), 0);
  const double price = price_for(use, 2);
  EXPECT_DOUBLE_EQ(price, (8.0 - 3.0) / 2 / 420);
  // 1, 2, 3 slots cost 8 + 2.5, 6 + 5, 3 + 7.5: so short a trace is no smooth curve.
  EXPECT_EQ(best_fixed(use, 1.1 * price).slots, 1U);
  EXPECT_EQ(best_fixed(use, 0.9 * price).slots, 3U);
  EXPECT_DOUBLE_EQ(best_fixed(use, 0.9 * price).cost, 3 + 0.9 * 7.5);
}

TEST(SizingTrial, a_size_that_stays_costs_what_the_fixed_one_does) {
  const Trace trace = trace_of(repeated("ABCDCBAD", 50));
  const SlotUse use = slot_use(trace, 0);
  const SizingTrial trial = try_sizing(trace, 0.001, {.least = kFirstSlots, .most = kFirstSlots});
  EXPECT_TRUE(trial.changes.empty());
  EXPECT_EQ(trial.misses, use.misses[kFirstSlots]);
  EXPECT_NEAR(trial.cost, static_cast<double>(trial.misses) + 0.001 * kFirstSlots * use.seconds, 1e-9);
  EXPECT_EQ(trial.reversals_per_hour(), 0);
}

TEST(SizingTrial, it_grows_to_a_loop_and_then_misses_no_more) {
  const SizingTrial trial = try_sizing(trace_of(repeated("ABCDE", 100), 10), 0.0001, {});
  ASSERT_EQ(trial.changes.size(), 2U);
  EXPECT_EQ(trial.changes[0].t_seconds, 180);
  EXPECT_EQ(trial.changes[1].t_seconds, 360);
  EXPECT_EQ(trial.changes[1].slots, 5U);
  EXPECT_EQ(trial.misses, 37U) << "36 until then, and one more that fills the fifth place";
}

TEST(SizingTrial, the_founding_rule_grows_in_each_minute_with_a_miss) {
  // A loop of 5 at 10 s: a slot more at 60 and 120 s. The misses then are 12 and one that fills the fifth place.
  const SizingTrial trial = try_founding(trace_of(repeated("ABCDE", 100), 10), 0.0001);
  ASSERT_EQ(trial.changes.size(), 3U);
  EXPECT_EQ(trial.changes[1].t_seconds, 120);
  EXPECT_EQ(trial.changes[1].slots, 5U);
  EXPECT_EQ(trial.changes[2].slots, 6U) << "for that one miss";
  EXPECT_EQ(trial.misses, 13U);
}

TEST(SizingTrial, a_shrunken_cache_loses_its_oldest) {
  // Nothing but A, so that two slots go; B and C, of the first requests, are gone with them.
  const Trace trace = trace_of("BC" + repeated("A", 60) + "BC");
  const SizingTrial trial = try_sizing(trace, 0.001, {});
  EXPECT_EQ(trial.changes.size(), 2U);
  EXPECT_EQ(trial.misses, 5U);
}

TEST(SizingTrial, a_reversal_is_a_change_against_the_one_before) {
  SizingTrial trial{.seconds = 7200};
  for (const std::uint32_t slots : {4U, 5U, 4U, 3U, 4U}) trial.changes.push_back({.slots = slots});
  EXPECT_DOUBLE_EQ(trial.reversals_per_hour(), 1) << "two in two hours";
}

TEST(SizingTrial, arrival_is_the_first_time_within_a_slot) {
  const Trace trace = trace_of(repeated("A", 30));
  SizingTrial trial;
  trial.changes = {{120, 2, 8}, {660, 11, 7}, {720, 12, 6}, {780, 13, 5}};
  const Arrival found = arrival(trace, trial, 10, 5);
  EXPECT_TRUE(found.has_arrived);
  EXPECT_DOUBLE_EQ(found.minutes, 2);
  EXPECT_DOUBLE_EQ(found.requests, 2);
  EXPECT_FALSE(arrival(trace, trial, 10, 2).has_arrived);
  const Arrival there = arrival(trace, trial, 10, 9);
  EXPECT_TRUE(there.has_arrived);
  EXPECT_EQ(there.requests, 0);
}

}  // namespace
}  // namespace genepool

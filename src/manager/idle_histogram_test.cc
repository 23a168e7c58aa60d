#include "manager/idle_histogram.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace genepool {
namespace {

bool nobody_is_there(GenomeIndex) { return false; }

using namespace std::chrono_literals;

// `genome` is called by a clock every half hour; returns the time of its last call.
Instant call_by_clock(IdleHistogram& idle, GenomeIndex genome, int rests) {
  Instant now = 30s;
  idle.observe(genome, now);
  for (int i = 0; i < rests; ++i) idle.observe(genome, now += 30min);
  return now;
}

TEST(IdleHistogram, a_clocks_window_opens_a_tenth_early_and_closes_a_tenth_late) {
  IdleHistogram idle;
  (void)call_by_clock(idle, 3, 59);
  EXPECT_EQ(idle.window(3), std::nullopt) << "too few rests";
  IdleHistogram more;
  (void)call_by_clock(more, 3, 60);
  EXPECT_EQ(more.window(3), (IdleHistogram::Window{27min, Duration(31min) * 11 / 10}));
  EXPECT_EQ(more.window(4), std::nullopt);
}

TEST(IdleHistogram, rests_spread_over_all_bins_give_no_window) {
  IdleHistogram idle;
  Random random(1);
  Instant now{};
  for (int i = 0; i < 2'000; ++i) idle.observe(0, now += std::chrono::seconds(random.below(14'400)));
  EXPECT_EQ(idle.window(0), std::nullopt);
}

TEST(IdleHistogram, rests_longer_than_the_bins_give_no_window_when_they_are_most) {
  IdleHistogram idle;
  Instant now = call_by_clock(idle, 0, 60);
  for (int i = 0; i < 60; ++i) idle.observe(0, now += 24h);
  EXPECT_TRUE(idle.window(0));
  idle.observe(0, now += 24h);
  EXPECT_FALSE(idle.window(0));
}

TEST(IdleHistogram, it_is_expected_while_its_window_is_open) {
  IdleHistogram idle;
  const Instant last = call_by_clock(idle, 3, 60);
  EXPECT_EQ(idle.first_expected(last + 27min - 1s, nobody_is_there), std::nullopt);
  EXPECT_EQ(idle.first_expected(last + 27min, nobody_is_there), GenomeIndex{3});
  EXPECT_EQ(idle.first_expected(last + 27min, [](GenomeIndex) { return true; }), std::nullopt);
  EXPECT_EQ(idle.first_expected(last + 35min, nobody_is_there), std::nullopt) << "it did not come: closed";
  idle.observe(3, last + 30min);
  EXPECT_EQ(idle.first_expected(last + 31min, nobody_is_there), std::nullopt) << "it came: the next opens later";
  EXPECT_EQ(idle.first_expected(last + 30min + 28min, nobody_is_there), GenomeIndex{3});
}

TEST(IdleHistogram, the_chance_rises_as_the_time_comes_near) {
  IdleHistogram idle;
  const Instant last = call_by_clock(idle, 3, 60);  // all rests in the bin of 30 to 31 minutes
  EXPECT_EQ(idle.chance_within(3, 60s, last), 0);
  EXPECT_DOUBLE_EQ(idle.chance_within(3, 60s, last + 29min + 30s), 0.5);
  EXPECT_DOUBLE_EQ(idle.chance_within(3, 60s, last + 30min), 1);
  EXPECT_EQ(idle.chance_within(3, 60s, last + 31min), 0) << "never so late before";
  EXPECT_EQ(idle.chance_within(5, 60s, last), 0);
}

TEST(IdleHistogram, the_forgotten_are_not_expected) {
  IdleHistogram idle;
  const Instant last = call_by_clock(idle, 3, 60);
  idle.forget(3);
  idle.forget(99);
  EXPECT_EQ(idle.first_expected(last + 30min, nobody_is_there), std::nullopt);
  (void)call_by_clock(idle, 4, 59);
  EXPECT_EQ(idle.window(4), std::nullopt) << "the histogram that it has now is an empty one";
}

TEST(IdleHistogram, a_full_bin_halves_all) {
  IdleHistogram idle;
  Instant now{};
  for (int i = 0; i < 70'000; ++i) idle.observe(0, now += 90s);
  EXPECT_EQ(idle.window(0), (IdleHistogram::Window{54s, 132s})) << "the bin from 60 to 120 s";
}

TEST(IdleHistogram, halving_keeps_the_share_of_long_rests) {
  IdleHistogram idle;
  Instant now{};
  idle.observe(0, now);
  for (int i = 0; i < 30'000; ++i) idle.observe(0, now += 24h);
  for (int i = 0; i < 65'535; ++i) idle.observe(0, now += 90s);
  EXPECT_DOUBLE_EQ(idle.chance_within(0, 60s, now + 2min), 0) << "only long rests are left, and none so soon";
  EXPECT_NEAR(idle.chance_within(0, 2min, now), 32'767.0 / (32'767 + 15'000), 1e-9);
}

}  // namespace
}  // namespace genepool

#include "manager/decayed_counts.h"

#include <gtest/gtest.h>

namespace genepool {
namespace {

using namespace std::chrono_literals;

TEST(DecayedCounts, a_count_halves_in_a_half_life) {
  DecayedCounts counts(10min);
  counts.add(0, 1000s);
  counts.add(1, 1000s);
  counts.add(1, 1600s);
  EXPECT_DOUBLE_EQ(counts.count(0, 1600s), 0.5);
  EXPECT_DOUBLE_EQ(counts.count(1, 1600s), 1.5);
  EXPECT_DOUBLE_EQ(counts.sum(2200s), 1.0);
  EXPECT_EQ(counts.count(7, 1600s), 0) << "never came";
}

TEST(DecayedCounts, smoothing_spreads_the_floor) {
  DecayedCounts counts(10min);
  EXPECT_DOUBLE_EQ(counts.smoothed(0, 0.001, 0.5, 0s), 0.5) << "nothing came: the floor alone";
  for (int i = 0; i < 3; ++i) counts.add(0, 0s);
  EXPECT_DOUBLE_EQ(counts.smoothed(0, 1, 0.5, 0s), 3.5 / 4);
  EXPECT_DOUBLE_EQ(counts.smoothed(1, 1, 0.5, 600s), 0.5 / 2.5);
}

TEST(DecayedCounts, the_forgotten_leave_the_sum) {
  DecayedCounts counts(10min);
  counts.add(0, 0s);
  counts.add(3, 0s);
  counts.forget(3);
  counts.forget(99);
  EXPECT_EQ(counts.count(3, 0s), 0);
  EXPECT_DOUBLE_EQ(counts.sum(0s), 1);
}

TEST(DecayedCounts, years_of_half_lives_change_nothing) {
  DecayedCounts counts(1s);
  for (Instant now{}; now < 2000s; now += 1s) counts.add(0, now);
  EXPECT_NEAR(counts.count(0, 1999s), 2, 1e-9) << "1 + 1/2 + 1/4 + ...";
  counts.add(1, 1999s);
  EXPECT_GT(counts.grown(0), counts.grown(1));
  EXPECT_NEAR(counts.sum(1999s), 3, 1e-9);
  EXPECT_LT(counts.count(0, 999999s), 1e-100) << "looked at after a very long pause";
  counts.add(1, 999999s);
  EXPECT_DOUBLE_EQ(counts.sum(999999s), 1);
}

}  // namespace
}  // namespace genepool

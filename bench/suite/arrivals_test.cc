#include "suite/arrivals.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace genepool::bench {
namespace {

using namespace std::chrono_literals;

TEST(Arrivals, come_in_order_at_the_rate_that_was_asked_for) {
  for (const Pattern pattern : {Pattern::kPoisson, Pattern::kBursts}) {
    const std::vector<Arrival> all = arrivals(pattern, 20, 1000s, 4, 1);
    EXPECT_NEAR(static_cast<double>(all.size()) / 1000, 20, 1.5);
    EXPECT_TRUE(std::ranges::is_sorted(all, {}, &Arrival::at));
    EXPECT_LT(all.back().at, 1000s);
  }
}

TEST(Arrivals, bursts_come_together) {
  const std::vector<Arrival> all = arrivals(Pattern::kBursts, 20, 100s, 4, 1);
  ASSERT_EQ(all.size() % kBurst, 0U);
  for (std::size_t i = 0; i < all.size(); i += kBurst) EXPECT_EQ(all[i].at, all[i + kBurst - 1].at);
}

TEST(Arrivals, the_second_genome_is_asked_for_half_as_often_as_the_first) {
  std::map<std::size_t, double> counts;
  for (const Arrival& one : arrivals(Pattern::kPoisson, 100, 1000s, 4, 2)) ++counts[one.genome];
  EXPECT_EQ(counts.size(), 4U);
  EXPECT_NEAR(counts[1] / counts[0], 1.0 / 2, 0.02);
  EXPECT_NEAR(counts[3] / counts[0], 1.0 / 4, 0.02);
}

TEST(Arrivals, the_seed_decides) {
  const auto times = [](std::uint64_t seed) {
    std::vector<Duration> at;
    for (const Arrival& one : arrivals(Pattern::kPoisson, 10, 10s, 2, seed)) at.push_back(one.at);
    return at;
  };
  EXPECT_EQ(times(1), times(1));
  EXPECT_NE(times(1), times(2));
}

TEST(JainIndex, is_one_for_equals_and_one_in_n_for_a_single_winner) {
  EXPECT_DOUBLE_EQ(jain_index({3, 3, 3}), 1);
  EXPECT_DOUBLE_EQ(jain_index({5, 0, 0, 0}), 0.25);
  EXPECT_DOUBLE_EQ(jain_index({}), 1);
  EXPECT_DOUBLE_EQ(jain_index({0, 0}), 1);
}

}  // namespace
}  // namespace genepool::bench

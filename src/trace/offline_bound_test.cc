#include "trace/offline_bound.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "base/random.h"
#include "trace/belady.h"

namespace genepool {
namespace {

std::vector<TraceGenome> alike(std::size_t count) { return std::vector<TraceGenome>(count, {.load_cost_s = 1, .bytes = 1}); }

TEST(OfflineBound, without_room_everything_is_loaded_and_with_room_only_the_first_time) {
  const std::vector<std::uint32_t> uses{0, 1, 0, 1, 0};
  EXPECT_DOUBLE_EQ(offline_bound_s(uses, alike(2), 0), 5);
  EXPECT_DOUBLE_EQ(offline_bound_s(uses, alike(2), 2), 2);
  EXPECT_DOUBLE_EQ(offline_bound_s({}, {}, 2), 0);
}

// Intervals: two of length 1 (B), one of 5 (A), one of 2 (C). One byte over 7 steps: B, B and C take 4, A gets 3 of its 5.
TEST(OfflineBound, counted_by_hand_for_equal_genomes) {
  const std::vector<std::uint32_t> uses{0, 1, 1, 1, 2, 0, 2, 3};
  EXPECT_DOUBLE_EQ(offline_bound_s(uses, alike(4), 1), 8 - 3 - 0.6);
}

// A: 6 s, 3 bytes, length 2 -> 1 s per byte and use. B: 1 s, 1 byte, length 2 -> 0.5. 3 bytes over 3 steps: both fit, 8 of 9.
// 2 bytes: A never fits. B takes 2 of 6.
TEST(OfflineBound, counted_by_hand_for_unequal_genomes) {
  const std::vector<std::uint32_t> uses{0, 1, 0, 1};
  const std::vector<TraceGenome> genomes{{.load_cost_s = 6, .bytes = 3}, {.load_cost_s = 1, .bytes = 1}};
  EXPECT_DOUBLE_EQ(offline_bound_s(uses, genomes, 3), 14 - 7);
  EXPECT_DOUBLE_EQ(offline_bound_s(uses, genomes, 2), 14 - 1);
}

TEST(OfflineBound, what_is_not_told_costs_nothing_and_takes_nothing) {
  const std::vector<std::uint32_t> uses{0, 1, 0, 1};
  EXPECT_DOUBLE_EQ(offline_bound_s(uses, std::vector<TraceGenome>{{.load_cost_s = 2}, {.bytes = 5}}, 0), 2);
}

// The cheapest of every way to keep, load and pass by: [set of residents] = cost so far.
double cheapest_s(std::span<const std::uint32_t> uses, std::span<const TraceGenome> genomes, std::uint64_t budget_bytes) {
  const std::size_t sets = std::size_t{1} << genomes.size();
  constexpr double kImpossible = std::numeric_limits<double>::infinity();
  const auto fits = [&](std::size_t set) {
    std::uint64_t bytes = 0;
    for (std::size_t i = 0; i < genomes.size(); ++i) bytes += (set >> i & 1) * genomes[i].bytes;
    return bytes <= budget_bytes;
  };
  std::vector<double> cost(sets, kImpossible);
  cost[0] = 0;
  for (const std::uint32_t use : uses) {
    std::vector<double> next(sets, kImpossible);
    for (std::size_t set = 0; set < sets; ++set) {
      const bool is_hit = (set >> use & 1) != 0;
      const double now = cost[set] + (is_hit ? 0 : genomes[use].load_cost_s);
      const std::size_t with_use = set | std::size_t{1} << use;
      for (std::size_t kept = 0; kept < sets; ++kept) {
        if ((kept & ~with_use) == 0 && fits(kept)) next[kept] = std::min(next[kept], now);
      }
    }
    cost = std::move(next);
  }
  return std::ranges::min(cost);
}

TEST(OfflineBound, nothing_is_cheaper_and_it_is_not_far_below) {
  Random random(11);
  double bounds = 0, cheapest = 0;
  for (int round = 0; round < 300; ++round) {
    std::vector<TraceGenome> genomes(5);
    for (TraceGenome& genome : genomes) {
      genome.bytes = 1 + random.below(5);
      genome.load_cost_s = 1 + random.uniform();
    }
    std::vector<std::uint32_t> uses(30);
    for (std::uint32_t& use : uses) use = static_cast<std::uint32_t>(random.below(5));
    const std::uint64_t budget = 3 + random.below(8);
    const double bound = offline_bound_s(uses, genomes, budget);
    const double best = cheapest_s(uses, genomes, budget);
    ASSERT_LE(bound, best + 1e-9);
    bounds += bound;
    cheapest += best;
  }
  EXPECT_GT(bounds / cheapest, 0.7) << "the relaxation costs about a quarter on traces this short";
}

TEST(OfflineBound, of_equal_genomes_it_is_at_most_min) {
  Random random(12);
  for (int round = 0; round < 200; ++round) {
    std::vector<std::uint32_t> uses(60);
    for (std::uint32_t& use : uses) use = static_cast<std::uint32_t>(random.below(8));
    for (std::uint32_t k = 1; k <= 8; ++k) {
      ASSERT_LE(offline_bound_s(uses, alike(8), k), static_cast<double>(min_misses(uses, k)) + 1e-9);
    }
  }
}

}  // namespace
}  // namespace genepool

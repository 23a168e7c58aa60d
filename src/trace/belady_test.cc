#include "trace/belady.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string_view>

#include "base/random.h"
#include "trace/stack_distance.h"

namespace genepool {
namespace {

std::vector<std::uint32_t> uses_of(std::string_view letters) {
  std::vector<std::uint32_t> uses;
  for (const char letter : letters) uses.push_back(static_cast<std::uint32_t>(letter - 'A'));
  return uses;
}

// Two independent implementations agreed on these counts.
const std::vector<std::uint32_t> kGolden = uses_of("ABCADABEABCDEFAABGCDABHBACIABD");

std::vector<std::uint32_t> rotating_ten() {
  std::vector<std::uint32_t> uses;
  for (std::uint32_t i = 0; i < 100; ++i) uses.push_back(i % 10);
  return uses;
}

TEST(Belady, golden_string) {
  EXPECT_EQ(min_misses(kGolden, 3), 16U);
  EXPECT_EQ(min_misses(kGolden, 4), 12U);
  EXPECT_EQ(min_misses(kGolden, 5), 9U);
}

TEST(Belady, rotating_ten_genomes_a_hundred_times) {
  EXPECT_EQ(min_misses(rotating_ten(), 3), 80U);
  EXPECT_EQ(min_misses(rotating_ten(), 5), 60U);
  EXPECT_EQ(min_misses(rotating_ten(), 10), 10U);
}

TEST(Belady, no_place_always_misses_and_nothing_is_no_miss) {
  EXPECT_EQ(min_misses(kGolden, 0), kGolden.size());
  EXPECT_EQ(min_misses({}, 3), 0U);
}

// Every way to choose victims, tried out.
std::uint64_t fewest_misses(std::span<const std::uint32_t> uses, std::size_t places, std::vector<std::uint32_t> residents) {
  if (uses.empty()) return 0;
  const std::uint32_t genome = uses.front();
  if (std::ranges::find(residents, genome) != residents.end()) return fewest_misses(uses.subspan(1), places, residents);
  if (residents.size() < places) {
    residents.push_back(genome);
    return 1 + fewest_misses(uses.subspan(1), places, residents);
  }
  std::uint64_t fewest = uses.size();
  for (std::size_t i = 0; i < residents.size(); ++i) {
    std::vector<std::uint32_t> others = residents;
    others[i] = genome;
    fewest = std::min(fewest, 1 + fewest_misses(uses.subspan(1), places, others));
  }
  return fewest;
}

TEST(Belady, nothing_misses_less) {
  Random random(3);
  for (int round = 0; round < 200; ++round) {
    std::vector<std::uint32_t> uses(12);
    for (std::uint32_t& use : uses) use = static_cast<std::uint32_t>(random.below(5));
    for (const std::uint32_t places : {1U, 2U, 3U}) ASSERT_EQ(min_misses(uses, places), fewest_misses(uses, places, {}));
  }
}

TEST(StackDistance, golden_string) {
  const std::vector<std::uint64_t> misses = lru_misses(kGolden, 5);
  // One place hits AA only, two places also ADA and BHB.
  EXPECT_EQ(misses, (std::vector<std::uint64_t>{30, 29, 27, 22, 20, 14}));
}

TEST(StackDistance, counts_the_distinct_genomes_since_the_last_use) {
  StackDistance stack(2);
  EXPECT_EQ(stack.use(7), std::nullopt);
  EXPECT_EQ(stack.use(7), 1U);
  EXPECT_EQ(stack.use(8), std::nullopt);
  EXPECT_EQ(stack.use(7), 2U);
  EXPECT_EQ(stack.use(9), std::nullopt);
  EXPECT_EQ(stack.use(8), std::nullopt) << "two others since, and only two are remembered";
  EXPECT_EQ(stack.use(9), 2U);
  EXPECT_EQ(StackDistance(0).use(1), std::nullopt);
}

TEST(StackDistance, rotating_ten_genomes_is_the_worst_case_of_lru) {
  const std::vector<std::uint64_t> misses = lru_misses(rotating_ten(), 10);
  EXPECT_EQ(misses[9], 100U);
  EXPECT_EQ(misses[10], 10U);
}

}  // namespace
}  // namespace genepool

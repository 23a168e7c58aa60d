#include "manager/ram_split.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace genepool {
namespace {

using namespace std::chrono_literals;

// 100 bytes; a slot takes 20, a page 5.
constexpr MemoryBudget kBudget{.bytes = 100, .slot_bytes = 20, .page_bytes = 5};
constexpr Prices kFree{.gb_second = 0};

// `genomes` in turn, one a second, each costing `load_seconds`: only the place `genomes` of the stack is ever met.
LruCurve loop_of(std::uint32_t genomes, double load_seconds) {
  LruCurve curve(LruCurve::kHotSlots);
  std::uint32_t i = 0;
  for (Instant at = 0s; at <= 3600s; at += 1s) curve.observe(i++ % genomes, load_seconds, at);
  return curve;
}

TEST(RamSplit, warm_has_what_hot_leaves) {
  const RamSplit split = split_ram(kBudget, 2);
  EXPECT_EQ(split.hot_bytes, 40U);
  EXPECT_EQ(split.warm_bytes, 60U);
  EXPECT_EQ(split.genomes, 2U + 12U);
  EXPECT_EQ(split_ram(kBudget, 0).genomes, 20U);
  EXPECT_EQ(split_ram(kBudget, 5).genomes, 5U);
  EXPECT_EQ(split_ram(kBudget, 9).genomes, 5U) << "beyond the budget";
  EXPECT_EQ(most_slots(kBudget), 5U);
}

TEST(RamSplit, a_slot_costs_what_its_bytes_save_in_warm) {
  // Two slots leave room for 14 genomes, three for 11: the third slot costs places 12, 13 and 14.
  for (const std::uint32_t place : {12U, 13U, 14U}) {
    const LruCurve curve = loop_of(place, 0.5);
    EXPECT_NEAR(price_in_budget(kBudget, 2, curve, kFree, 3600s).one_more, 0.5, 0.01) << place;
    EXPECT_NEAR(price_in_budget(kBudget, 3, curve, kFree, 3600s).last, 0.5, 0.01) << place;
    EXPECT_EQ(price_in_budget(kBudget, 2, curve, kFree, 3600s).last, 0) << place;
  }
  for (const std::uint32_t place : {11U, 15U}) {
    EXPECT_EQ(price_in_budget(kBudget, 2, loop_of(place, 0.5), kFree, 3600s).one_more, 0) << place;
  }
}

TEST(RamSplit, memory_that_warm_has_no_use_for_has_its_own_price) {
  const SlotPrice price = price_in_budget({.bytes = 10'000'000'000, .slot_bytes = 1'200'000'000, .page_bytes = 50'000'000}, 2,
                                          LruCurve(LruCurve::kHotSlots), {}, 0s);
  EXPECT_DOUBLE_EQ(price.one_more, 0.001);
  EXPECT_DOUBLE_EQ(price.last, 0.001);
}

// Independent draws from 40 genomes of falling popularity: the law settles where a slot and its bytes in WARM save alike.
std::uint32_t settled_slots(double warm_to_hot, double cold_to_warm) {
  LruCurve hot(LruCurve::kHotSlots), warm(LruCurve::kHotSlots);
  SizingLaw law({.most = most_slots(kBudget)}, 0s);
  Random chance(1);
  std::uint32_t slots = 1;
  for (Instant at = 0s; at < 4h; at += 1s) {
    const double drawn = chance.uniform();
    const auto genome = static_cast<std::uint32_t>(40 * drawn * drawn);
    hot.observe(genome, warm_to_hot, at);
    warm.observe(genome, cold_to_warm, at);
    const auto decision = law.update(hot, slots, price_in_budget(kBudget, slots, warm, kFree, at), true, at);
    if (decision) slots = decision->to;
  }
  return slots;
}

TEST(RamSplit, the_dearer_way_gets_the_memory) {
  EXPECT_EQ(settled_slots(1, 0.01), 5U) << "a worker's start is dear: all of it";
  EXPECT_EQ(settled_slots(0.01, 1), 1U) << "the disk is slow: WARM has it";
  const std::uint32_t between = settled_slots(1, 0.6);
  EXPECT_GT(between, 1U);
  EXPECT_LT(between, 5U);
}

}  // namespace
}  // namespace genepool

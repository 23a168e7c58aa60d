#include "sim/sizing_measure.h"

#include <gtest/gtest.h>

#include <iostream>

namespace genepool {
namespace {

constexpr std::uint64_t kSeeds = 8;

TEST(SizingMeasure, the_law_is_never_dearer_than_a_fixed_size_and_seldom_turns_back) {
  const std::vector<SizingPriceRow> rows = measure_sizing_prices(kSeeds);
  EXPECT_EQ(rows.size(), 9U);
  std::cout << sizing_table(rows, {});
  for (const SizingPriceRow& row : rows) {
    EXPECT_LE(row.cost_ratio, 1.0) << row.profile << ' ' << row.slots;
    EXPECT_LE(row.reversals_per_hour, 1.0) << row.profile << ' ' << row.slots;
  }
}

TEST(SizingMeasure, it_follows_a_step_of_the_load) {
  const std::vector<SizingStepRow> rows = measure_sizing_steps(kSeeds);
  EXPECT_EQ(rows.size(), 8U);
  std::cout << sizing_table({}, rows);
  for (const SizingStepRow& row : rows) EXPECT_TRUE(row.is_met(kSeeds)) << sizing_table({}, {row});
}

}  // namespace
}  // namespace genepool

#include "manager/prefetch.h"

#include <gtest/gtest.h>

namespace genepool {
namespace {

bool is_worth_it(double chance, LoaderState state) {
  return weigh_prefetch({.chance = chance, .load_s = 2}, {.chance = 0.05, .load_s = 2}, state).is_worth_it();
}

// Equal costs, P_H(v) = .05: it breaks even at P_H(g) = (.05 + w) / (1 + w), .269 and .525.
TEST(Prefetch, with_equal_costs_it_breaks_even_where_it_should) {
  EXPECT_FALSE(is_worth_it(0.269, LoaderState::kNormal));
  EXPECT_TRUE(is_worth_it(0.270, LoaderState::kNormal));
  EXPECT_FALSE(is_worth_it(0.525, LoaderState::kPressure));
  EXPECT_TRUE(is_worth_it(0.526, LoaderState::kPressure));
}

TEST(Prefetch, each_side_is_in_seconds) {
  const PrefetchVerdict verdict =
      weigh_prefetch({.chance = 0.5, .load_s = 4}, {.chance = 0.25, .load_s = 2}, LoaderState::kNormal);
  EXPECT_DOUBLE_EQ(verdict.spared_s, 2);
  EXPECT_DOUBLE_EQ(verdict.lost_s, 0.5);
  EXPECT_DOUBLE_EQ(verdict.wasted_s, 0.3 * 4 * 0.5);
  EXPECT_DOUBLE_EQ(verdict.gain_s(), 0.9);
}

TEST(Prefetch, in_a_free_place_only_the_load_is_weighed) {
  EXPECT_FALSE(weigh_prefetch({.chance = 0.23, .load_s = 1}, kFreePlace, LoaderState::kNormal).is_worth_it());
  EXPECT_TRUE(weigh_prefetch({.chance = 0.24, .load_s = 1}, kFreePlace, LoaderState::kNormal).is_worth_it());
  EXPECT_FALSE(weigh_prefetch({}, kFreePlace, LoaderState::kNormal).is_worth_it()) << "nothing to gain";
}

}  // namespace
}  // namespace genepool

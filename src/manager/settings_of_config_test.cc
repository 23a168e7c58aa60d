#include "manager/settings_of_config.h"

#include <gtest/gtest.h>

namespace genepool {
namespace {

constexpr KnobDefaults kDefaults{.hot_bytes = 400, .warm_bytes = 200};

TEST(ManagerSettings, a_size_set_by_hand_is_left_alone) {
  Config config;
  EXPECT_TRUE(manager_settings_of(config, kDefaults).may_size_hot);
  ASSERT_TRUE(set_param(config, "pool.max_hot", "4", Origin::kManager));
  EXPECT_TRUE(manager_settings_of(config, kDefaults).may_size_hot) << "its own";
  ASSERT_TRUE(set_param(config, "pool.max_hot", "4", Origin::kOperator));
  EXPECT_FALSE(manager_settings_of(config, kDefaults).may_size_hot);
  ASSERT_TRUE(set_param(config, "warm.max_genomes", "9", Origin::kFlag));
  EXPECT_FALSE(manager_settings_of(config, kDefaults).may_size_warm);
}

TEST(ManagerSettings, what_the_manager_gave_warm_does_not_grow_what_it_divides) {
  Config config;
  EXPECT_EQ(manager_settings_of(config, kDefaults).memory_bytes, 600u);
  ASSERT_TRUE(set_param(config, "warm.bytes", "550", Origin::kManager));
  EXPECT_EQ(manager_settings_of(config, kDefaults).memory_bytes, 600u);
  ASSERT_TRUE(set_param(config, "warm.bytes", "550", Origin::kOperator));
  EXPECT_EQ(manager_settings_of(config, kDefaults).memory_bytes, 950u);
}

TEST(ManagerSettings, words_and_prices_are_those_of_the_settings) {
  Config config;
  ASSERT_TRUE(set_param(config, "manager.mode", "advise", Origin::kFile));
  ASSERT_TRUE(set_param(config, "manager.sizing", "founding", Origin::kFile));
  ASSERT_TRUE(set_param(config, "manager.prefetch", "off", Origin::kFile));
  ASSERT_TRUE(set_param(config, "manager.gb_second", "10s", Origin::kFile));
  const ManagerSettings settings = manager_settings_of(config, kDefaults);
  EXPECT_EQ(settings.mode, ManagerMode::kAdvise);
  EXPECT_EQ(settings.sizing, SizingRule::kFounding);
  EXPECT_EQ(settings.prefetch, PrefetchRule::kOff);
  EXPECT_DOUBLE_EQ(settings.prices.gb_second, 0.1);
}

}  // namespace
}  // namespace genepool

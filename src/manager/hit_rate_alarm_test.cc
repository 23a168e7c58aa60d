#include "manager/hit_rate_alarm.h"

#include <gtest/gtest.h>

namespace genepool {
namespace {

TEST(HitRateAlarm, twenty_requests_are_the_fewest) {
  HitRateAlarm alarm(0.8);
  for (int i = 0; i < 19; ++i) EXPECT_FALSE(alarm.on_request(false, false));
  EXPECT_FALSE(alarm.rate());
  EXPECT_EQ(alarm.on_request(false, false), true);
  EXPECT_EQ(alarm.rate(), 0);
  EXPECT_FALSE(alarm.on_request(false, false)) << "told once";
  EXPECT_TRUE(alarm.is_low());
}

TEST(HitRateAlarm, first_uses_are_not_the_caches_fault) {
  HitRateAlarm alarm(0.8);
  for (int i = 0; i < 100; ++i) {
    EXPECT_FALSE(alarm.on_request(false, true));
    EXPECT_FALSE(alarm.on_request(true, false));
  }
  EXPECT_EQ(alarm.rate(), 1) << "half of all requests missed";
}

TEST(HitRateAlarm, it_is_the_share_of_hits_of_those_that_could_be) {
  HitRateAlarm alarm(0.5);
  for (int i = 0; i < 4000; ++i) (void)alarm.on_request(i % 4 != 0, false);
  EXPECT_NEAR(*alarm.rate(), 0.75, 0.001);
  EXPECT_FALSE(alarm.is_low());
  alarm.configure(0.8);
  EXPECT_EQ(alarm.on_request(true, false), true);
}

TEST(HitRateAlarm, it_falls_above_its_minimum_and_not_at_it) {
  HitRateAlarm alarm(0.5);
  for (int i = 0; i < 100; ++i) (void)alarm.on_request(false, false);
  ASSERT_TRUE(alarm.is_low());
  std::optional<bool> change;
  while (!change) {
    ASSERT_LT(*alarm.rate(), 0.52);
    change = alarm.on_request(true, false);
  }
  EXPECT_EQ(change, false);
  EXPECT_GE(*alarm.rate(), 0.52);
  EXPECT_LT(*alarm.rate(), 0.53);
}

TEST(HitRateAlarm, old_requests_count_less) {
  HitRateAlarm alarm(0.5);
  for (int i = 0; i < 5000; ++i) (void)alarm.on_request(true, false);
  for (int i = 0; i < 500; ++i) (void)alarm.on_request(false, false);
  EXPECT_NEAR(*alarm.rate(), 0.5, 0.001) << "a half-life later";
}

}  // namespace
}  // namespace genepool

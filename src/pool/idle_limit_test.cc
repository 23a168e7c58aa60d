#include "pool/idle_limit.h"

#include <gtest/gtest.h>

namespace genepool {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kGigabyte = 1'000'000'000;

TEST(IdleLimit, a_gigabyte_that_loads_in_a_second_is_kept_for_twenty_minutes) {
  EXPECT_NEAR(to_ms(idle_limit(1, kGigabyte, {})), to_ms(20min), 1);
  EXPECT_NEAR(to_ms(idle_limit(1, kGigabyte / 2, {})), to_ms(40min), 1) << "half the bytes";
  EXPECT_NEAR(to_ms(idle_limit(3, kGigabyte, {})), to_ms(60min), 1) << "three times the load";
}

TEST(IdleLimit, prices_shift_it) {
  EXPECT_NEAR(to_ms(idle_limit(1, kGigabyte, {.load_second = 2})), to_ms(40min), 1);
  EXPECT_NEAR(to_ms(idle_limit(1, kGigabyte, {.gb_second = 1.0 / 300})), to_ms(5min), 1);
}

TEST(IdleLimit, it_has_a_floor_and_a_ceiling) {
  EXPECT_EQ(idle_limit(0.01, kGigabyte, {}), 1min);
  EXPECT_EQ(idle_limit(0, kGigabyte, {}), 1min);
  EXPECT_EQ(idle_limit(7, kGigabyte, {}), 2h);
  EXPECT_EQ(idle_limit(1, 0, {}), 2h) << "it costs nothing";
  EXPECT_EQ(idle_limit(1, kGigabyte, {.gb_second = 0}), 2h);
}

}  // namespace
}  // namespace genepool

#include "pool/recycling.h"

#include <gtest/gtest.h>

namespace genepool {
namespace {

using namespace std::chrono_literals;

TEST(Recycling, the_waits_double_up_to_five_minutes) {
  Recycling recycling;
  Instant now{1h};
  ASSERT_TRUE(recycling.spend(now));
  for (const Duration wait : {10s, 20s, 40s, 80s, 160s, 300s, 300s}) {
    EXPECT_FALSE(recycling.spend(now + wait - 1ns));
    now += wait;
    EXPECT_TRUE(recycling.spend(now));
  }
}

TEST(Recycling, ten_quiet_minutes_make_it_new) {
  Recycling recycling;
  Instant now{1h};
  ASSERT_TRUE(recycling.spend(now));
  now += 10s;
  ASSERT_TRUE(recycling.spend(now));  // the next wait is 20 s
  now += 20s + Recycling::kHealthy;
  ASSERT_TRUE(recycling.spend(now));
  EXPECT_TRUE(recycling.spend(now + 10s));
}

}  // namespace
}  // namespace genepool

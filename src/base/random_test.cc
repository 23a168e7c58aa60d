#include "base/random.h"

#include <gtest/gtest.h>

namespace genepool {
namespace {

// SplitMix64 from 0 gives e220a8397b1dcdaf, 6e789e6aa1b965f4, 06c45d188009454f, f88bb8a8724c81ec (its authors' vector);
// the first xoshiro256** output is then rotl(second * 5, 7) * 9.
TEST(Random, seed_0_starts_with_the_published_words) {
  Random random(0);
  EXPECT_EQ(random.next(), std::rotl(0x6e789e6aa1b965f4U * 5, 7) * 9);
  Random same(0);
  EXPECT_EQ(same.next(), std::rotl(0x6e789e6aa1b965f4U * 5, 7) * 9);
  EXPECT_NE(Random(1).next(), Random(2).next());
}

TEST(Random, uniform_and_below_fill_their_range_evenly) {
  Random random(7);
  double sum = 0;
  std::array<int, 10> buckets{};
  for (int i = 0; i < 100'000; ++i) {
    const double u = random.uniform();
    ASSERT_GE(u, 0);
    ASSERT_LT(u, 1);
    sum += u;
    ++buckets.at(random.below(10));
  }
  EXPECT_NEAR(sum / 1e5, 0.5, 0.005);
  for (const int count : buckets) EXPECT_NEAR(count, 10'000, 500);
}

}  // namespace
}  // namespace genepool

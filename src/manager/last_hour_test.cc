#include "manager/last_hour.h"

#include <gtest/gtest.h>

namespace genepool {
namespace {

using namespace std::chrono_literals;

TEST(LastHour, the_most_used_with_its_share) {
  LastHour hour;
  EXPECT_FALSE(hour.top(0s));
  for (const GenomeIndex genome : {5, 2, 5, 2, 5}) hour.observe(genome, 10min);
  const auto top = hour.top(10min);
  ASSERT_TRUE(top);
  EXPECT_EQ(top->genome, 5U);
  EXPECT_DOUBLE_EQ(top->confidence, 0.6);
}

TEST(LastHour, what_is_older_than_an_hour_does_not_count) {
  LastHour hour;
  for (const GenomeIndex genome : {5, 5, 5}) hour.observe(genome, 10min);
  for (const GenomeIndex genome : {3, 2}) hour.observe(genome, 60min);
  EXPECT_EQ(hour.top(70min)->genome, 5U) << "an hour old, and not older";
  EXPECT_EQ(hour.top(70min + 1s)->genome, 2U) << "of two equals the lower index";
  EXPECT_DOUBLE_EQ(hour.top(70min + 1s)->confidence, 0.5);
  EXPECT_FALSE(hour.top(121min));
}

TEST(LastHour, the_forgotten_leave_the_hour) {
  LastHour hour;
  for (const GenomeIndex genome : {5, 5, 3}) hour.observe(genome, 10min);
  hour.forget(5);
  hour.forget(99);
  EXPECT_EQ(hour.top(10min)->genome, 3U);
  EXPECT_DOUBLE_EQ(hour.top(10min)->confidence, 1);
  hour.observe(5, 11min);
  EXPECT_DOUBLE_EQ(hour.top(11min)->confidence, 0.5);
}

TEST(LastHour, a_flood_pushes_out_the_oldest) {
  LastHour hour;
  for (int i = 0; i < 65'536; ++i) hour.observe(1, 1s);
  for (int i = 0; i < 65'534; ++i) hour.observe(2, 1s);
  EXPECT_EQ(hour.top(1s)->genome, 2U);
  EXPECT_DOUBLE_EQ(hour.top(1s)->confidence, 65'534.0 / 65'536);
}

}  // namespace
}  // namespace genepool

#include "manager/live_regret.h"

#include <gtest/gtest.h>

namespace genepool {
namespace {

TEST(LiveRegret, is_not_known_from_few_requests) {
  LiveRegret regret;
  for (int i = 0; i < 2'047; ++i) regret.on_request(0, false);
  EXPECT_EQ(regret.share(3), std::nullopt);
  regret.on_request(0, false);
  EXPECT_EQ(regret.share(3), 0.0);
  EXPECT_EQ(regret.share(0), std::nullopt);
}

// Four genomes in a circle on three places: LRU misses all, MIN one of three (each miss is followed by two hits).
TEST(LiveRegret, of_lru_in_a_circle_is_two_thirds) {
  LiveRegret regret;
  for (GenomeIndex i = 0; i < 4'000; ++i) regret.on_request(i % 4, true);
  EXPECT_NEAR(*regret.share(3), 2.0 / 3, 0.01);
}

TEST(LiveRegret, looks_at_the_last_thousand_only) {
  LiveRegret regret;
  for (GenomeIndex i = 0; i < 4'000; ++i) regret.on_request(i % 4, true);
  for (GenomeIndex i = 0; i < 1'024; ++i) regret.on_request(i % 2, false);
  EXPECT_NEAR(*regret.share(3), 0, 0.01) << "both are HOT by then, at most one of them was to be fetched";
}

// First uses are everybody's.
TEST(LiveRegret, of_first_uses_is_nothing) {
  LiveRegret regret;
  for (GenomeIndex i = 0; i < 4'000; ++i) regret.on_request(i, true);
  EXPECT_EQ(regret.share(3), 0.0);
}

}  // namespace
}  // namespace genepool

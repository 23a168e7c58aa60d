#include "peers/contest.h"

#include <gmock/gmock.h>

namespace genepool::bench {
namespace {

using testing::ElementsAre;

Contest contest(Unit unit) {
  return {.id = "x", .title = "X", .unit = unit, .goal = 2.0,
          .contestants = {{"genepool", "", false, {10, 20, 10}, ""}, {"slow", "", true, {90, 90, 90}, ""},
                          {"absent", "", true, {}, "not installed"}, {"quick", "", true, {30, 30, 40}, ""}},
          .note = ""};
}

TEST(Contest, the_best_peer_counts_round_by_round) {
  const Contest times = contest(Unit::kMillis);
  EXPECT_EQ(times.best_peer()->name, "quick");
  EXPECT_THAT(times.ratios(), ElementsAre(3.0, 1.5, 4.0));
  EXPECT_EQ(times.is_reached(), true);
}

TEST(Contest, of_a_rate_more_is_better) {
  const Contest rates = contest(Unit::kTokensPerSecond);
  EXPECT_EQ(rates.best_peer()->name, "slow");
  EXPECT_DOUBLE_EQ(rates.ratios()[0], 10.0 / 90);
  EXPECT_EQ(rates.is_reached(), false);
}

TEST(Contest, without_a_peer_nothing_is_claimed) {
  Contest alone = contest(Unit::kMillis);
  for (Contestant& c : alone.contestants) {
    if (c.is_peer) c.samples.clear();
  }
  EXPECT_EQ(alone.best_peer(), nullptr);
  EXPECT_TRUE(alone.ratios().empty());
  EXPECT_EQ(alone.is_reached(), std::nullopt);
}

TEST(Contest, the_median_of_an_even_number_lies_between) {
  EXPECT_DOUBLE_EQ(median_of({4, 1, 3, 2}), 2.5);
  EXPECT_DOUBLE_EQ(median_of({}), 0);
}

}  // namespace
}  // namespace genepool::bench

#include "manager/founding_rules.h"

#include <gtest/gtest.h>

namespace genepool {
namespace {

using namespace std::chrono_literals;
using Log = std::vector<std::string>;

FoundingAdvice after_a_minute(const FoundingSignals& signals, FoundingSizes sizes) {
  return FoundingRules(0s).update(signals, sizes, 60s).value();
}

TEST(FoundingRules, they_look_once_a_minute) {
  FoundingRules rules(0s);
  EXPECT_FALSE(rules.update({.thrash_ratio = 1}, {3, 20}, 59s));
  EXPECT_TRUE(rules.update({.thrash_ratio = 1}, {3, 20}, 60s));
  EXPECT_FALSE(rules.update({.thrash_ratio = 1}, {4, 20}, 119s));
  EXPECT_TRUE(rules.update({.thrash_ratio = 1}, {4, 20}, 120s));
}

TEST(FoundingRules, thrash_grows_hot_up_to_ten) {
  const FoundingAdvice advice = after_a_minute({.thrash_ratio = 0.51}, {3, 20});
  EXPECT_EQ(advice.sizes, (FoundingSizes{4, 20}));
  EXPECT_EQ(advice.log, (Log{"Thrashing detected (ratio: 0.51)", "Increased HOT pool size to 4"}));
  EXPECT_EQ(after_a_minute({.thrash_ratio = 0.51}, {10, 20}).sizes.max_hot, 10U);
  EXPECT_EQ(after_a_minute({.thrash_ratio = 0.51}, {12, 20}).sizes.max_hot, 12U) << "an operator's";
  EXPECT_EQ(after_a_minute({.thrash_ratio = 0.5}, {3, 20}).sizes, (FoundingSizes{3, 20}));
}

TEST(FoundingRules, a_low_hit_rate_grows_warm_by_five) {
  const FoundingAdvice advice = after_a_minute({.hit_rate = 0.79}, {3, 20});
  EXPECT_EQ(advice.sizes, (FoundingSizes{3, 25}));
  EXPECT_EQ(advice.log, (Log{"Low cache hit rate (0.79)", "Increased layer cache size to 25"}));
  EXPECT_EQ(after_a_minute({.hit_rate = 0.8}, {3, 20}).sizes, (FoundingSizes{3, 20}));
  EXPECT_EQ(after_a_minute({}, {3, 20}).sizes, (FoundingSizes{3, 20})) << "not asked";
  EXPECT_EQ(after_a_minute({.hit_rate = 0}, {3, 99'998}).sizes.warm_max_genomes, 100'000U);
  EXPECT_EQ(after_a_minute({.hit_rate = 0}, {3, 100'000}).log, Log{"Low cache hit rate (0.00)"});
}

TEST(FoundingRules, a_confident_prediction_is_prewarmed) {
  const FoundingPrediction prediction = founding_prediction("pirate", 0.75, false);
  EXPECT_TRUE(prediction.is_prewarm);
  EXPECT_EQ(prediction.log, (Log{"AI predicts: pirate (0.75)", "Pre-warming predicted genome: pirate"}));
}

TEST(FoundingRules, what_is_hot_or_doubtful_is_not_prewarmed) {
  const FoundingPrediction hot = founding_prediction("pirate", 0.75, true);
  EXPECT_FALSE(hot.is_prewarm);
  EXPECT_EQ(hot.log, Log{"AI predicts: pirate (0.75)"});
  const FoundingPrediction doubtful = founding_prediction("pirate", 0.7, false);
  EXPECT_FALSE(doubtful.is_prewarm);
  EXPECT_TRUE(doubtful.log.empty());
}

}  // namespace
}  // namespace genepool

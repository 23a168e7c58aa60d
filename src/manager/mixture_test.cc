#include "manager/mixture.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "manager/escape.h"

namespace genepool {
namespace {

TEST(Mixture, weights_follow_the_chances_and_share) {
  Mixture mixture(2);
  const std::array chances = {0.9, 0.1};
  EXPECT_DOUBLE_EQ(mixture.mix(chances), 0.5);
  mixture.observe(chances);
  EXPECT_DOUBLE_EQ(mixture.weights()[0], 0.995 * 0.9 + 0.0025);
  EXPECT_DOUBLE_EQ(mixture.weights()[1], 0.995 * 0.1 + 0.0025);
  EXPECT_DOUBLE_EQ(mixture.log_loss(), std::log(2.0));
  EXPECT_DOUBLE_EQ(mixture.log_loss_of(1), std::log(10.0));
}

TEST(Mixture, a_voice_long_wrong_comes_back_in_three_requests) {
  Mixture mixture(2);
  for (int i = 0; i < 10'000; ++i) mixture.observe(std::array{0.9, 1e-9});
  EXPECT_NEAR(mixture.weights()[1], 0.0025, 1e-6);
  for (int i = 0; i < 3; ++i) mixture.observe(std::array{0.01, 0.9});
  EXPECT_GT(mixture.weights()[1], 0.95);
}

TEST(Mixture, it_is_hardly_worse_than_its_best_voice) {
  Mixture mixture(5);
  for (int i = 0; i < 1'000; ++i) mixture.observe(std::array{0.5, 0.1, 0.1, 0.1, 0.1});
  EXPECT_NEAR(mixture.log_loss_of(0), std::log(2.0), 1e-9);
  EXPECT_LT(mixture.log_loss(), 1.02 * std::log(2.0));
  EXPECT_EQ(mixture.requests(), 1'000U);
}

TEST(Escape, it_is_certain_before_the_first_request_and_never_after) {
  Escape escape;
  EXPECT_EQ(escape.chance(), 1);
  escape.observe(true);
  const double kept = std::exp2(-1.0 / 500);
  EXPECT_DOUBLE_EQ(escape.chance(), (0.5 * kept + 1) / (kept + 1));
  for (int i = 0; i < 20'000; ++i) escape.observe(true);
  EXPECT_DOUBLE_EQ(escape.chance(), 0.999);
  for (int i = 0; i < 20'000; ++i) escape.observe(false);
  EXPECT_DOUBLE_EQ(escape.chance(), 1e-4);
}

TEST(Escape, half_of_what_it_knows_is_gone_after_500_requests) {
  Escape escape;
  for (int i = 0; i < 20'000; ++i) escape.observe(true);
  for (int i = 0; i < 500; ++i) escape.observe(false);
  EXPECT_NEAR(escape.chance(), 0.5, 1e-6);
}

}  // namespace
}  // namespace genepool

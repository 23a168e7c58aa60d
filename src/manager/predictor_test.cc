#include "manager/predictor.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <numbers>

namespace genepool {
namespace {

using namespace std::chrono_literals;

constexpr std::array<std::string_view, 1> kAllOnly = {"all"};

TEST(Predictor, seen_and_unseen_share_the_chance) {
  Predictor predictor(kAllOnly);
  EXPECT_EQ(predictor.escape(), 1);
  for (const GenomeIndex genome : {0, 1, 0}) predictor.observe(genome, {});
  const double seen = 1 - predictor.escape();
  EXPECT_DOUBLE_EQ(predictor.chance(0, {}), seen * 2.5 / 4);
  EXPECT_DOUBLE_EQ(predictor.chance(1, {}), seen * 1.5 / 4);
  EXPECT_EQ(predictor.chance(2, {}), 0) << "not one of the unseen, but all of them have the escape";
}

TEST(Predictor, it_writes_down_what_it_said_before_it_learns) {
  Predictor predictor(kAllOnly);
  predictor.observe(0, {});
  EXPECT_EQ(predictor.mixture().log_loss(), 0) << "a first use was certain";
  const double escape = predictor.escape();
  predictor.observe(1, {});
  EXPECT_DOUBLE_EQ(predictor.mixture().log_loss(), -std::log(escape) / 2);
  const double said = predictor.chance(0, {});
  predictor.observe(0, {});
  EXPECT_DOUBLE_EQ(predictor.mixture().log_loss(), -(std::log(escape) + std::log(said)) / 3);
}

TEST(Predictor, the_voice_that_is_right_is_heard) {
  Predictor predictor(base_voices());
  for (int i = 0; i < 300; ++i) predictor.observe(static_cast<GenomeIndex>(i % 3), {.now = i * 20s});
  EXPECT_EQ(predictor.voice_names()[4], "markov1");
  EXPECT_GT(predictor.mixture().weights()[4], 0.97);
  EXPECT_GT(predictor.chance(0, {.now = 6000s}), 0.9);
}

TEST(Predictor, the_chance_within_a_horizon_counts_the_requests_to_come) {
  Predictor predictor(kAllOnly);
  for (int i = 0; i < 4; ++i) predictor.observe(static_cast<GenomeIndex>(i % 2), {.now = 0s});
  const double expected = 4 * std::numbers::ln2 / 600 * 60;
  EXPECT_DOUBLE_EQ(predictor.chance_within(0, kPrefetchHorizon, {}), 1 - std::pow(1 - predictor.chance(0, {}), expected));
  EXPECT_EQ(predictor.chance_within(7, kPrefetchHorizon, {}), 0);
}

TEST(Predictor, the_likeliest_absent_is_the_next_one_that_is_not_resident) {
  Predictor predictor(base_voices());
  const auto absent = [](GenomeIndex) { return false; };
  EXPECT_EQ(predictor.likeliest_absent({}, absent), std::nullopt);
  for (int i = 0; i < 301; ++i) predictor.observe(static_cast<GenomeIndex>(i % 3), {.now = i * 20s});  // ends with 0
  const Moment now{.now = 6000s};
  EXPECT_EQ(predictor.likeliest_absent(now, absent), 1U);
  EXPECT_NE(predictor.likeliest_absent(now, [](GenomeIndex genome) { return genome == 1; }), 1U);
  EXPECT_EQ(predictor.likeliest_absent(now, [](GenomeIndex) { return true; }), std::nullopt);
}

TEST(Predictor, of_equals_the_more_used_lately_is_the_likeliest) {
  Predictor predictor(kAllOnly);
  for (const GenomeIndex genome : {5, 3}) predictor.observe(genome, {.now = genome == 3 ? 1h : 0h});
  EXPECT_EQ(predictor.chance(3, {}), predictor.chance(5, {}));
  EXPECT_EQ(predictor.likeliest_absent({}, [](GenomeIndex) { return false; }), 3U);
}

TEST(Predictor, who_takes_a_forgotten_index_begins_anew) {
  Predictor predictor(base_voices());
  for (int i = 0; i < 30; ++i) predictor.observe(static_cast<GenomeIndex>(i % 3), {.now = i * 20s, .user = 1});
  predictor.forget(2);
  EXPECT_EQ(predictor.chance(2, {.now = 600s}), 0);
  EXPECT_EQ(predictor.users().last(1), std::nullopt);
  predictor.observe(2, {.now = 600s});
  EXPECT_GT(predictor.chance(2, {.now = 600s}), 0);
  predictor.observe(0, {.now = 620s, .user = 1});
  EXPECT_EQ(predictor.users().last(1), 0U);
  predictor.forget_user(1);
  EXPECT_EQ(predictor.users().last(1), std::nullopt);
}

TEST(Predictor, the_same_requests_give_the_same_bits) {
  Predictor one(base_voices()), two(base_voices());
  for (int i = 0; i < 500; ++i) {
    const auto genome = static_cast<GenomeIndex>(i * i % 17);
    const Moment moment{.now = i * 31s};
    one.observe(genome, moment);
    two.observe(genome, moment);
    ASSERT_EQ(one.chance(3, moment), two.chance(3, moment));
  }
  EXPECT_EQ(one.mixture().weights(), two.mixture().weights());
}

}  // namespace
}  // namespace genepool

#include "runtime/base_choice.h"

#include <gmock/gmock.h>

namespace genepool {
namespace {

BaseCandidate measured(double prompt_rate, double answer_rate) {
  return {.type = "q8_0",
          .bytes = 140'000'000,
          .prompt_rate = prompt_rate,
          .answer_rate = answer_rate,
          .source_prompt_rate = 256,
          .source_answer_rate = 64,
          .kl = 0.01,
          .positions = 128};
}

constexpr BaseLimits kLimits{.bytes = 200'000'000, .max_kl = 0.05};

TEST(BaseChoice, gain_weighs_a_prompt_of_256_against_an_answer_of_64) {
  EXPECT_DOUBLE_EQ(measured(256, 64).gain(), 1.0);
  EXPECT_DOUBLE_EQ(measured(512, 64).gain(), 2 / 1.5);
  EXPECT_DOUBLE_EQ(measured(256, 128).gain(), 2 / 1.5);
  EXPECT_DOUBLE_EQ(measured(512, 128).gain(), 2.0);
  EXPECT_DOUBLE_EQ(BaseCandidate{}.gain(), 0.0);
}

TEST(BaseChoice, a_clear_gain_within_the_limits_has_no_objection) { EXPECT_EQ(objection_to(measured(512, 64), kLimits, false), ""); }

TEST(BaseChoice, a_gain_within_the_noise_is_none) {
  EXPECT_EQ(objection_to(measured(256 * 1.05, 64 * 1.05), kLimits, false), "not 1.1 times as fast");
  EXPECT_EQ(objection_to(measured(256 * 1.15, 64 * 1.15), kLimits, false), "");
}

TEST(BaseChoice, what_says_too_much_otherwise_is_out_however_fast) {
  BaseCandidate candidate = measured(2560, 640);
  candidate.kl = 0.06;
  EXPECT_EQ(objection_to(candidate, kLimits, false), "says 0.060 nats otherwise, 0.05 allowed");
}

TEST(BaseChoice, memory_is_a_limit_before_anything_is_measured) {
  BaseCandidate candidate;
  candidate.bytes = 201'000'000;
  EXPECT_EQ(objection_to(candidate, kLimits, false), "needs 201 MB of RAM, 200 MB allowed");
  candidate.bytes = 199'000'000;
  EXPECT_EQ(objection_to(candidate, kLimits, false), "") << "not measured yet";
}

TEST(BaseChoice, what_the_user_asks_for_is_only_bound_by_memory) {
  BaseCandidate candidate = measured(100, 10);
  candidate.kl = 3;
  EXPECT_EQ(objection_to(candidate, kLimits, true), "");
  candidate.bytes = 201'000'000;
  EXPECT_NE(objection_to(candidate, kLimits, true), "");
}

}  // namespace
}  // namespace genepool

#include "worker/base_comparison.h"

#include <gmock/gmock.h>

#include "engine/fake_engine.h"

namespace genepool {
namespace {

MakeEngine fake(const std::string& script) {
  return [script] { return make_fake_engine(script); };
}

void say_nothing(const std::string& /*now*/) {}

TEST(BaseComparison, a_base_beside_itself_says_the_same_of_every_token) {
  const auto found = compare_bases(fake(""), {.source = "", .candidate = "", .threads = 1, .rounds = 2}, say_nothing);
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->positions, 4u * 32u);
  EXPECT_EQ(found->kl, 0.0);
  EXPECT_EQ(found->top1_changed, 0u);
  EXPECT_EQ(found->engine, "fake");
  EXPECT_GT(found->source.prompt_rate, 0);
  EXPECT_GT(found->candidate.answer_rate, 0);
}

TEST(BaseComparison, rates_are_tokens_per_second) {
  const auto found = compare_bases(fake("decode_ms=1,prefill_us_per_token=100"), {.threads = 1, .rounds = 1}, say_nothing);
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_LE(found->source.answer_rate, 1000) << "each takes a millisecond at least";
  EXPECT_LE(found->source.prompt_rate, 10'000);
}

TEST(BaseComparison, a_base_that_cannot_be_loaded_is_an_error) {
  EXPECT_FALSE(compare_bases(fake(""), {.source = "", .candidate = "/nonexistent/base.gguf"}, say_nothing));
  EXPECT_FALSE(compare_bases(fake("fail_load"), {}, say_nothing));
}

TEST(BaseComparison, each_round_of_each_base_is_announced) {
  std::vector<std::string> said;
  ASSERT_TRUE(compare_bases(fake(""), {.threads = 1, .rounds = 2}, [&](const std::string& now) { said.push_back(now); }));
  EXPECT_THAT(said, testing::ElementsAre("round 1 of 2, the base itself", "round 1 of 2, the candidate",
                                         "round 2 of 2, the base itself", "round 2 of 2, the candidate"));
}

TEST(BaseComparison, threads_that_wait_for_each_other_are_given_up_and_one_measures) {
  const auto found = compare_bases(fake("wide_step_ms=60000"), {.threads = 2, .rounds = 1}, say_nothing);
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->threads, 1);
  EXPECT_EQ(found->positions, 4u * 32u);
  EXPECT_EQ(found->kl, 0.0) << "what was given up in the middle leaves nothing behind";
}

TEST(BaseComparison, threads_that_do_not_collapse_are_kept) {
  const auto found = compare_bases(fake("decode_ms=10"), {.threads = 2, .rounds = 1}, say_nothing);
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->threads, 2);
}

TEST(BaseComparison, a_line_says_all_of_it) {
  const BaseComparison said{.engine = "llama.cpp v0.5.0 (de3ff81)",
                            .source = {100.5, 10.25},
                            .candidate = {200.125, 20},
                            .candidate_bytes = 12345678901,
                            .kl = 1.5e-7,
                            .top1_changed = 3,
                            .positions = 128,
                            .threads = 2};
  const auto heard = parse_comparison(line_of(said));
  ASSERT_TRUE(heard) << heard.error().message;
  EXPECT_EQ(heard->engine, said.engine);
  EXPECT_EQ(heard->source.prompt_rate, 100.5);
  EXPECT_EQ(heard->source.answer_rate, 10.25);
  EXPECT_EQ(heard->candidate.prompt_rate, 200.125);
  EXPECT_EQ(heard->candidate.answer_rate, 20);
  EXPECT_EQ(heard->candidate_bytes, 12345678901u);
  EXPECT_EQ(heard->kl, 1.5e-7);
  EXPECT_EQ(heard->top1_changed, 3u);
  EXPECT_EQ(heard->positions, 128u);
  EXPECT_EQ(heard->threads, 2);
}

TEST(BaseComparison, rubbish_is_no_line) {
  EXPECT_FALSE(parse_comparison(""));
  EXPECT_FALSE(parse_comparison("1 2 3"));
  EXPECT_FALSE(parse_comparison("1 2 3 4 5 6 7 8 9"));
  EXPECT_FALSE(parse_comparison("a 2 3 4 5 6 7 8 llama.cpp"));
}

}  // namespace
}  // namespace genepool

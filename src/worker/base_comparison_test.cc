#include "worker/base_comparison.h"

#include <gmock/gmock.h>

#include "engine/fake_engine.h"

namespace genepool {
namespace {

MakeEngine fake(const std::string& script) {
  return [script] { return make_fake_engine(script); };
}

TEST(BaseComparison, a_base_beside_itself_says_the_same_of_every_token) {
  const auto found = compare_bases(fake(""), {.source = "", .candidate = "", .threads = 1, .rounds = 2});
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->positions, 4u * 32u);
  EXPECT_EQ(found->kl, 0.0);
  EXPECT_EQ(found->top1_changed, 0u);
  EXPECT_EQ(found->engine, "fake");
  EXPECT_GT(found->source.prompt_rate, 0);
  EXPECT_GT(found->candidate.answer_rate, 0);
}

TEST(BaseComparison, rates_are_tokens_per_second) {
  const auto found = compare_bases(fake("decode_ms=1,prefill_us_per_token=100"), {.threads = 1, .rounds = 1});
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_LE(found->source.answer_rate, 1000) << "each takes a millisecond at least";
  EXPECT_LE(found->source.prompt_rate, 10'000);
}

TEST(BaseComparison, a_base_that_cannot_be_loaded_is_an_error) {
  EXPECT_FALSE(compare_bases(fake(""), {.source = "", .candidate = "/nonexistent/base.gguf"}));
  EXPECT_FALSE(compare_bases(fake("fail_load"), {}));
}

TEST(BaseComparison, a_line_says_all_of_it) {
  const BaseComparison said{.engine = "llama.cpp v0.5.0 (de3ff81)",
                            .source = {100.5, 10.25},
                            .candidate = {200.125, 20},
                            .candidate_bytes = 12345678901,
                            .kl = 1.5e-7,
                            .top1_changed = 3,
                            .positions = 128};
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
}

TEST(BaseComparison, rubbish_is_no_line) {
  EXPECT_FALSE(parse_comparison(""));
  EXPECT_FALSE(parse_comparison("1 2 3"));
  EXPECT_FALSE(parse_comparison("1 2 3 4 5 6 7 8"));
  EXPECT_FALSE(parse_comparison("a 2 3 4 5 6 7 8 llama.cpp"));
}

}  // namespace
}  // namespace genepool

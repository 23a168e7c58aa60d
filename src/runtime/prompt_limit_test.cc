#include "runtime/prompt_limit.h"

#include <gtest/gtest.h>

namespace genepool {
namespace {

const EngineInfo kEngine = [] {
  EngineInfo info;
  info.context_size = 100;
  info.longest_token = 8;
  return info;
}();

std::string refused_param(const Prompt& prompt, const EngineInfo& engine = kEngine) {
  const auto checked = check_prompt_size(prompt, engine);
  return checked ? "" : checked.error().param;
}

TEST(PromptLimit, tokens_are_counted) {
  EXPECT_EQ(refused_param(std::vector<Token>(100)), "");
  EXPECT_EQ(refused_param(std::vector<Token>(101)), "prompt");
}

TEST(PromptLimit, text_is_refused_when_no_tokens_could_spell_it) {
  EXPECT_EQ(refused_param(std::string(800, 'a')), "");
  EXPECT_EQ(refused_param(std::string(801, 'a')), "prompt");
}

TEST(PromptLimit, messages_count_together) {
  const std::string half(400, 'a');
  EXPECT_EQ(refused_param(std::vector<ChatMessage>{{"user", half}, {"assistant", half}}), "");
  EXPECT_EQ(refused_param(std::vector<ChatMessage>{{"user", half}, {"assistant", half}, {"user", "a"}}), "messages");
}

TEST(PromptLimit, what_the_engine_does_not_know_refuses_nothing) {
  EXPECT_EQ(refused_param(std::vector<Token>(101), EngineInfo{}), "");
  EngineInfo words = kEngine;
  words.longest_token = 0;
  EXPECT_EQ(refused_param(std::string(100'000, 'a'), words), "");
}

}  // namespace
}  // namespace genepool

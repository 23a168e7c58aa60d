#include "api/golden_prompts.h"

#include <gtest/gtest.h>

namespace genepool::api {
namespace {

GoldenPrompt prompt(const std::string& text) {
  const auto all = read_golden(Json::array({Json::parse(text)}));
  EXPECT_TRUE(all) << all.error().message;
  return all ? all->front() : GoldenPrompt{};
}

GoldenPrompt expecting(const std::string& properties) { return prompt(R"({"prompt":"x","expect":)" + properties + "}"); }

std::vector<std::string> failures(const std::string& properties, const std::string& answer) {
  return failures_of(expecting(properties), answer);
}
bool holds(const std::string& properties, const std::string& answer) { return failures(properties, answer).empty(); }

Error refusal(const std::string& prompts) {
  const auto checked = check_golden(prompts);
  EXPECT_FALSE(checked) << prompts;
  return checked ? Error{} : checked.error();
}

TEST(GoldenPrompts, every_property_holds_and_fails) {
  EXPECT_TRUE(holds(R"({"contains":"arr"})", "yarr!"));
  EXPECT_FALSE(holds(R"({"contains":"arr"})", "Arr"));
  EXPECT_FALSE(holds(R"({"contains":["a","b"]})", "a"));
  EXPECT_TRUE(holds(R"({"contains_any":["a","b"]})", "b"));
  EXPECT_FALSE(holds(R"({"contains_any":["a","b"]})", "c"));
  EXPECT_TRUE(holds(R"({"excludes":"model"})", "a ship"));
  EXPECT_FALSE(holds(R"({"excludes":["ship","model"]})", "a language model"));
  EXPECT_TRUE(holds(R"({"matches":"(?i)^ARR\\W"})", "Arr, mate"));
  EXPECT_FALSE(holds(R"({"matches":"^ship"})", "the ship"));
  EXPECT_TRUE(holds(R"({"is_json":true})", R"({"a":1})"));
  EXPECT_FALSE(holds(R"({"is_json":true})", "{a}"));
  EXPECT_FALSE(holds(R"({"is_json":false})", "1"));
  EXPECT_TRUE(holds(R"({"min_words":2,"max_words":2})", " two \n words "));
  EXPECT_FALSE(holds(R"({"min_words":3})", "two words"));
  EXPECT_FALSE(holds(R"({"max_words":1})", "two words"));
}

TEST(GoldenPrompts, all_that_does_not_hold_is_named) {
  EXPECT_EQ(failures(R"({"contains":"x","max_words":1,"min_words":1})", "two words"),
            (std::vector<std::string>{"does not contain \"x\"", "has 2 words, more than 1"}));
}

TEST(GoldenPrompts, a_request_is_greedy_unless_it_says_otherwise) {
  const auto plain = request_of(expecting(R"({"contains":"x"})"), {});
  EXPECT_EQ(plain->sampling.temperature, 0);
  EXPECT_EQ(plain->max_tokens, 64U);
  const auto told = request_of(prompt(R"({"prompt":"x","temperature":0.5,"max_completion_tokens":3,"expect":{"contains":"x"}})"), {});
  EXPECT_EQ(told->sampling.temperature, 0.5F);
  EXPECT_EQ(told->max_tokens, 3U);
}

TEST(GoldenPrompts, the_genomes_own_prompt_and_parameters_apply) {
  ResolvedGenome genome;
  genome.system_prompt = "You are a captain.";
  genome.default_parameters = R"({"top_p":0.25,"temperature":0.9})";
  const auto params = request_of(expecting(R"({"contains":"x"})"), genome);
  EXPECT_EQ(params->sampling.top_p, 0.25F);
  EXPECT_EQ(params->sampling.temperature, 0);
  const auto& messages = std::get<std::vector<ChatMessage>>(params->prompt);
  ASSERT_EQ(messages.size(), 2U);
  EXPECT_EQ(messages[0].content, "You are a captain.");
}

TEST(GoldenPrompts, messages_stand_in_the_prompts_place) {
  const GoldenPrompt many = prompt(R"({"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"},
                                      {"role":"user","content":"c"}],"expect":{"contains":"x"}})");
  EXPECT_EQ(many.shown, "c");
  EXPECT_EQ(std::get<std::vector<ChatMessage>>(request_of(many, {})->prompt).size(), 3U);
}

TEST(GoldenPrompts, what_would_guard_nothing_is_refused) {
  EXPECT_EQ(refusal(R"([{"prompt":"x","expect":{"contain":"y"}}])").param, "expect.contain");
  EXPECT_EQ(refusal(R"([{"prompt":"x","expect":{}}])").param, "expect");
  EXPECT_EQ(refusal(R"([{"prompt":"x"}])").param, "expect");
  EXPECT_EQ(refusal(R"([{"expect":{"contains":"y"}}])").param, "prompt");
  EXPECT_EQ(refusal(R"([{"prompt":"x","messages":[],"expect":{"contains":"y"}}])").param, "prompt");
  EXPECT_EQ(refusal(R"([{"messages":[],"expect":{"contains":"y"}}])").param, "messages");
  EXPECT_EQ(refusal(R"([{"prompt":"x","max_token":5,"expect":{"contains":"y"}}])").param, "max_token");
  EXPECT_EQ(refusal(R"([{"prompt":"x","expect":{"contains":""}}])").param, "expect.contains");
  EXPECT_EQ(refusal(R"([{"prompt":"x","expect":{"contains_any":[]}}])").param, "expect.contains_any");
  EXPECT_EQ(refusal(R"([{"prompt":"x","expect":{"matches":"("}}])").param, "expect.matches");
  EXPECT_EQ(refusal(R"([{"prompt":"x","expect":{"matches":"((a{0,100}){0,100}){0,100}"}}])").param, "expect.matches");
  EXPECT_EQ(refusal(R"([{"prompt":"x","expect":{"is_json":1}}])").param, "expect.is_json");
  EXPECT_EQ(refusal(R"([{"prompt":"x","expect":{"max_words":-1}}])").param, "expect.max_words");
  EXPECT_NE(refusal(R"([{"prompt":"x","expect":{"contains":"y"}},7])").message.find("golden prompt 2"), std::string::npos);
  refusal("7");
  refusal("[");
}

TEST(GoldenPrompts, are_bounded) {
  Json many = Json::array();
  for (std::size_t i = 0; i <= kMaxGoldenPrompts; ++i) many.push_back({{"prompt", "x"}, {"max_tokens", 1}, {"expect", {{"contains", "y"}}}});
  EXPECT_EQ(refusal(many.dump()).param, "prompts");
  const std::string long_ones = R"({"prompt":"x","max_tokens":2500,"expect":{"contains":"y"}})";
  EXPECT_TRUE(check_golden("[" + long_ones + "]"));
  EXPECT_EQ(refusal(fmt::format("[{0},{0}]", long_ones)).param, "prompts");
}

TEST(GoldenPrompts, an_empty_list_is_none) { EXPECT_EQ(check_golden(" [ ] ").value(), ""); }

}  // namespace
}  // namespace genepool::api

#include "api/openai_request.h"

#include <gtest/gtest.h>

#include "api/fake_runtime.h"

namespace genepool::api {
namespace {

class OpenAiRequestTest : public testing::Test {
 protected:
  OpenAiRequestTest() {
    for (const char* name : {"pirate", "short"}) (void)runtime.add_layer({"/l", name});
    Store::NewGenome genome;
    genome.name = "captain";
    genome.base = runtime.base().id;
    genome.stack = {{"pirate", 1}};
    genome.system_prompt = "You are a captain.";
    genome.default_parameters = R"({"temperature":0.5,"max_tokens":7,"stop":["x"]})";
    (void)runtime.store().create_genome(genome);
  }
  Result<OpenAiRequest> parse(Dialect dialect, const std::string& body) {
    return parse_openai(dialect, body, [this](std::string_view model) { return runtime.resolve(model); });
  }
  Result<OpenAiRequest> chat(const std::string& fields, const std::string& model = "base") {
    return parse(Dialect::kChat, R"({"model":")" + model + R"(","messages":[{"role":"user","content":"hi"}])" + fields + "}");
  }
  Result<OpenAiRequest> messages(const std::string& list, const std::string& model = "base") {
    return parse(Dialect::kChat, R"({"model":")" + model + R"(","messages":)" + list + "}");
  }
  Result<OpenAiRequest> completion(const std::string& fields) {
    return parse(Dialect::kCompletions, R"({"model":"base",)" + fields + "}");
  }
  FakeRuntime runtime;
};

std::string param_of(const Result<OpenAiRequest>& request) {
  if (request) return "(accepted)";
  EXPECT_EQ(request.error().code, Code::kBadRequest) << request.error().message;
  return request.error().param;
}

using Messages = std::vector<ChatMessage>;
const Messages& messages_of(const Result<OpenAiRequest>& request) { return std::get<Messages>(request->params.prompt); }

TEST_F(OpenAiRequestTest, silent_body_has_openais_defaults) {
  const auto request = chat("");
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_EQ(request->params.sampling.temperature, 1.0F);
  EXPECT_EQ(request->params.max_tokens, 0U);
  EXPECT_EQ(request->params.sampling.top_logprobs, -1);
  EXPECT_TRUE(request->params.keep_hot);
  EXPECT_EQ(request->params.user, 0U);
  EXPECT_FALSE(request->is_stream);
  EXPECT_EQ(completion(R"("prompt":"x")")->params.max_tokens, 16U);
}

TEST_F(OpenAiRequestTest, reads_every_field) {
  const auto good = chat(R"(,"max_tokens":5,"temperature":0,"top_p":0.9,"top_k":40,"min_p":0.1,"presence_penalty":-1,
    "frequency_penalty":2,"repeat_penalty":1.1,"stop":["a","b"],"seed":42,"logprobs":true,"top_logprobs":3,
    "logit_bias":{"7":-100},"stream":true,"stream_options":{"include_usage":true},"n":1,"keep_alive":0,"user":"me",
    "ignore_eos":true,"nobody_knows_this":{"a":[1]},"tools":[],"tool_choice":"none","response_format":{"type":"text"})");
  ASSERT_TRUE(good) << good.error().message;
  const SamplingParams& s = good->params.sampling;
  EXPECT_EQ(good->params.max_tokens, 5U);
  EXPECT_NE(good->params.user, 0U);
  EXPECT_EQ(good->params.user, chat(R"(,"user":"me")")->params.user);
  EXPECT_NE(good->params.user, chat(R"(,"user":"you")")->params.user);
  EXPECT_EQ(s.temperature, 0.0F);
  EXPECT_EQ(s.top_p, 0.9F);
  EXPECT_EQ(s.top_k, 40);
  EXPECT_EQ(s.min_p, 0.1F);
  EXPECT_EQ(s.presence_penalty, -1.0F);
  EXPECT_EQ(s.frequency_penalty, 2.0F);
  EXPECT_EQ(s.repeat_penalty, 1.1F);
  EXPECT_EQ(good->params.stop, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(s.seed, 42U);
  EXPECT_EQ(s.top_logprobs, 3);
  EXPECT_EQ(s.logit_bias, (std::vector<std::pair<Token, float>>{{7, -100.0F}}));
  EXPECT_TRUE(good->is_stream && good->include_usage && good->params.ignore_end);
  EXPECT_FALSE(good->params.keep_hot);
}

TEST_F(OpenAiRequestTest, each_wrong_field_is_named) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"("max_tokens":0)", "max_tokens"},          {R"("max_tokens":1.5)", "max_tokens"},
      {R"("max_tokens":-3)", "max_tokens"},         {R"("max_completion_tokens":"5")", "max_tokens"},
      {R"("temperature":"hot")", "temperature"},    {R"("temperature":-0.1)", "temperature"},
      {R"("temperature":2.1)", "temperature"},      {R"("top_p":2)", "top_p"},
      {R"("top_k":-2)", "top_k"},                   {R"("min_p":[1])", "min_p"},
      {R"("presence_penalty":3)", "presence_penalty"}, {R"("frequency_penalty":-3)", "frequency_penalty"},
      {R"("repeat_penalty":0)", "repeat_penalty"},  {R"("stop":5)", "stop"},
      {R"("stop":[""])", "stop"},                   {R"("stop":[1])", "stop"},
      {R"("seed":"x")", "seed"},                    {R"("seed":18446744073709551615)", "seed"},
      {R"("logprobs":3)", "logprobs"},              {R"("top_logprobs":3)", "top_logprobs"},
      {R"("logprobs":true,"top_logprobs":21)", "top_logprobs"},
      {R"("logit_bias":[1])", "logit_bias"},        {R"("logit_bias":{"x":1})", "logit_bias"},
      {R"("logit_bias":{"1":101})", "logit_bias"},  {R"("stream":"yes")", "stream"},
      {R"("stream_options":{})", "stream_options"},  {R"("stream":true,"stream_options":1)", "stream_options"},
      {R"("stream":true,"stream_options":{"include_usage":1})", "stream_options.include_usage"},
      {R"("keep_alive":true)", "keep_alive"},       {R"("keep_alive":"soon")", "keep_alive"},
      {R"("user":5)", "user"},                      {R"("ignore_eos":1)", "ignore_eos"},
      {R"("lora":5)", "lora"},                      {R"("lora":[{"scale":1}])", "lora[].id"}};
  for (const auto& [field, param] : cases) EXPECT_EQ(param_of(chat("," + field)), param) << field;
}

TEST_F(OpenAiRequestTest, what_would_change_the_answer_is_refused_by_name) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"("n":2)", "n"},  {R"("n":"1")", "n"}, {R"("best_of":2)", "best_of"}, {R"("tools":[{}])", "tools"},
      {R"("functions":[{}])", "functions"}, {R"("tool_choice":"required")", "tool_choice"}, {R"("echo":true)", "echo"},
      {R"("suffix":"s")", "suffix"}, {R"("response_format":{"type":"json_object"})", "response_format"},
      {R"("response_format":"text")", "response_format"}, {R"("grammar":"root ::= x")", "grammar"}};
  for (const auto& [field, param] : cases) EXPECT_EQ(param_of(chat("," + field)), param) << field;
  EXPECT_EQ(param_of(chat(R"(,"echo":false,"suffix":null,"best_of":1,"tools":null)")), "(accepted)");
}

TEST_F(OpenAiRequestTest, messages_are_read_strictly) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"[]", "messages"}, {"\"hi\"", "messages"}, {"[1]", "messages[0]"},
      {R"([{"content":"x"}])", "messages[0].role"}, {R"([{"role":"pirate","content":"x"}])", "messages[0].role"},
      {R"([{"role":"tool","content":"x"}])", "messages[0].role"}, {R"([{"role":"user"}])", "messages[0].content"},
      {R"([{"role":"user","content":5}])", "messages[0].content"},
      {R"([{"role":"user","content":["x"]}])", "messages[0].content[0]"},
      {R"([{"role":"user","content":[{"type":"image_url","image_url":{}}]}])", "messages[0].content[0].type"},
      {R"([{"role":"user","content":[{"type":"text"}]}])", "messages[0].content[0].text"},
      {R"([{"role":"user","content":"x"},{"role":"assistant","content":"x","tool_calls":[{}]}])", "messages[1].tool_calls"}};
  for (const auto& [list, param] : cases) EXPECT_EQ(param_of(messages(list)), param) << list;
  EXPECT_EQ(param_of(parse(Dialect::kChat, R"({"model":"base"})")), "messages");
}

TEST_F(OpenAiRequestTest, text_parts_are_joined_and_developer_is_system) {
  const auto request = messages(R"([{"role":"developer","content":"be brief"},
      {"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}])", "captain");
  ASSERT_TRUE(request) << request.error().message;
  ASSERT_EQ(messages_of(request).size(), 2U) << "a system message of its own: the genome's stays out";
  EXPECT_EQ(messages_of(request)[0].role, "system");
  EXPECT_EQ(messages_of(request)[1].content, "ab");
}

TEST_F(OpenAiRequestTest, the_genome_speaks_where_the_body_is_silent) {
  const auto request = chat("", "captain");
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_EQ(messages_of(request).front().content, "You are a captain.");
  EXPECT_EQ(request->params.sampling.temperature, 0.5F);
  EXPECT_EQ(request->params.max_tokens, 7U);
  EXPECT_EQ(request->params.stop, std::vector<std::string>{"x"});
  const auto own = chat(R"(,"temperature":1,"max_completion_tokens":9,"stop":null)", "captain");
  EXPECT_EQ(own->params.sampling.temperature, 1.0F);
  EXPECT_EQ(own->params.max_tokens, 9U);
  EXPECT_EQ(own->params.stop, std::vector<std::string>{"x"});
}

TEST_F(OpenAiRequestTest, prompts_are_text_or_tokens) {
  EXPECT_EQ(std::get<std::string>(completion(R"("prompt":"a")")->params.prompt), "a");
  EXPECT_EQ(std::get<std::string>(completion(R"("prompt":["a"])")->params.prompt), "a");
  EXPECT_EQ(std::get<std::vector<Token>>(completion(R"("prompt":[1,2])")->params.prompt), (std::vector<Token>{1, 2}));
  EXPECT_EQ(std::get<std::vector<Token>>(completion(R"("prompt":[7])")->params.prompt), (std::vector<Token>{7}));
  EXPECT_EQ(std::get<std::vector<Token>>(completion(R"("prompt":[[1,2]])")->params.prompt), (std::vector<Token>{1, 2}));
  for (const char* bad : {R"("prompt":[])", R"("prompt":["a","b"])", R"("prompt":[-1])", R"("prompt":[1.5])",
                          R"("prompt":{"a":1})", R"("prompt":[[]])", R"("prompt":[4294967296])", R"("x":1)"}) {
    EXPECT_EQ(param_of(completion(bad)), "prompt") << bad;
  }
  EXPECT_EQ(completion(R"("prompt":"a","logprobs":2)")->params.sampling.top_logprobs, 2);
}

TEST_F(OpenAiRequestTest, seeds_of_64_bits_fold_and_minus_one_is_any) {
  EXPECT_EQ(chat(R"(,"seed":-1)")->params.sampling.seed, std::nullopt);
  EXPECT_EQ(chat(R"(,"seed":4294967295)")->params.sampling.seed, 4294967295U);
  EXPECT_TRUE(chat(R"(,"seed":-9223372036854775808)")->params.sampling.seed);
}

TEST_F(OpenAiRequestTest, keep_alive_takes_what_ollama_takes) {
  for (const char* stays : {"30", "-1", "\"30\"", "\"5m\"", "\"-1\"", "0.5"}) {
    EXPECT_TRUE(chat(std::string(R"(,"keep_alive":)") + stays)->params.keep_hot) << stays;
  }
  for (const char* leaves : {"0", "\"0\"", "\"0s\"", "0.0"}) {
    EXPECT_FALSE(chat(std::string(R"(,"keep_alive":)") + leaves)->params.keep_hot) << leaves;
  }
}

TEST_F(OpenAiRequestTest, the_model_decides_first) {
  EXPECT_EQ(param_of(parse(Dialect::kChat, R"({"messages":[]})")), "model");
  EXPECT_EQ(param_of(parse(Dialect::kChat, R"({"model":5})")), "model");
  const auto unknown = chat("", "captan");
  EXPECT_EQ(unknown.error().code, Code::kGenomeNotFound);
  EXPECT_EQ(unknown.error().param, "model");
}

TEST_F(OpenAiRequestTest, llama_servers_lora_field_is_an_inline_stack) {
  EXPECT_EQ(chat(R"(,"lora":[{"name":"pirate","scale":0.5},{"id":"short"}])")->genome.name, "base+pirate:0.5+short:1");
  EXPECT_EQ(chat(R"(,"lora":[])")->genome.name, "base");
  EXPECT_EQ(param_of(chat(R"(,"lora":[{"name":"pirate"}])", "captain")), "lora");
}

TEST(CheckParameters, takes_what_a_body_takes_and_nothing_else) {
  EXPECT_EQ(*check_parameters(R"({ "top_p": 0.5, "max_completion_tokens": 3 })"), R"({"max_tokens":3,"top_p":0.5})");
  EXPECT_EQ(*check_parameters("{}"), "");
  EXPECT_EQ(check_parameters(R"({"stream":true})").error().param, "stream");
  EXPECT_EQ(check_parameters(R"({"temperature":9})").error().param, "temperature");
  EXPECT_FALSE(check_parameters("[]"));
}

TEST_F(OpenAiRequestTest, fallbacks_are_resolved_and_have_their_own_system_prompt) {
  const auto request = chat(R"(,"temperature":0,"genepool":{"fallback":["captain","base+pirate:0.5"]})");
  ASSERT_TRUE(request) << request.error().message;
  ASSERT_EQ(request->params.fallbacks.size(), 2u);
  const Fallback& captain = request->params.fallbacks[0];
  EXPECT_EQ(captain.genome.name, "captain");
  ASSERT_EQ(std::get<Messages>(captain.prompt).size(), 2u);
  EXPECT_EQ(std::get<Messages>(captain.prompt)[0].content, "You are a captain.");
  EXPECT_EQ(std::get<Messages>(request->params.fallbacks[1].prompt).size(), 1u) << "an inline stack has none";
  EXPECT_TRUE(chat("")->params.fallbacks.empty()) << "never unasked";
  const auto text = completion(R"("prompt":"x","genepool":{"fallback":["base"]})");
  EXPECT_EQ(std::get<std::string>(text->params.fallbacks.at(0).prompt), "x");
}

TEST_F(OpenAiRequestTest, bad_fallbacks_name_the_field) {
  EXPECT_EQ(param_of(chat(R"(,"genepool":{"fallback":["nobody"]})")), "genepool.fallback");
  EXPECT_EQ(param_of(chat(R"(,"genepool":{"fallback":"base"})")), "genepool.fallback");
  EXPECT_EQ(param_of(chat(R"(,"genepool":{"fallback":[]})")), "genepool.fallback");
  EXPECT_EQ(param_of(chat(R"(,"genepool":{"fallback":[7]})")), "genepool.fallback");
  EXPECT_EQ(param_of(chat(R"(,"genepool":{"fallback":["base","base","base","base","base","base","base","base","base"]})")), "genepool.fallback");
  EXPECT_EQ(param_of(chat(R"(,"genepool":{"fallbacks":["base"]})")), "genepool.fallbacks");
  EXPECT_EQ(param_of(chat(R"(,"genepool":["base"])")), "genepool");
}

}  // namespace
}  // namespace genepool::api

#include "api/openai_answer.h"

#include <gtest/gtest.h>

#include "api/fake_writer.h"
#include "api/json.h"

namespace genepool::api {
namespace {

AnswerHead head(Dialect dialect = Dialect::kChat) {
  AnswerHead h;
  h.dialect = dialect;
  h.id = "id1";
  h.model = "captain";
  h.fingerprint = "fp_1";
  h.created = 5;
  return h;
}

TokensOut with_logprobs() {
  TokensOut out = tokens("hi");
  out.logprobs = {{{4, -0.25F, "hi"}, {{4, -0.25F, "hi"}, {5, -2, "ho"}}}};
  return out;
}

const std::string kOpen =
    R"(data: {"id":"id1","object":"chat.completion.chunk","created":5,"model":"captain","system_fingerprint":"fp_1")";

TEST(OpenAiAnswer, the_whole_object) {
  const Json answer = Json::parse(whole_answer(head(), "Aye \xff", {}, answered()));
  EXPECT_EQ(answer["object"], "chat.completion");
  EXPECT_EQ(answer["choices"][0]["message"]["role"], "assistant");
  EXPECT_EQ(answer["choices"][0]["message"]["content"], "Aye \xef\xbf\xbd");
  EXPECT_EQ(answer["choices"][0]["finish_reason"], "stop");
  EXPECT_TRUE(answer["choices"][0]["logprobs"].is_null());
  EXPECT_EQ(answer["usage"],
            Json::parse(R"({"prompt_tokens":10,"completion_tokens":2,"total_tokens":12,"prompt_tokens_details":{"cached_tokens":4}})"));
}

TEST(OpenAiAnswer, the_receipt_has_its_stable_keys) {
  const Json receipt = Json::parse(whole_answer(head(), "", {}, answered()))["genepool"];
  for (const char* key : {"genome", "version", "tier", "queue_ms", "layer_load_ms", "layer_stack_ms", "process_spawn_ms",
                          "inference_ms", "prefill_ms", "decode_ms", "process_teardown_ms", "total_ms", "assembly_ratio",
                          "evicted", "layers"}) {
    EXPECT_TRUE(receipt.contains(key)) << key;
  }
  EXPECT_EQ(receipt["tier"], "warm");
  EXPECT_TRUE(receipt["process_teardown_ms"].is_null());
  EXPECT_EQ(receipt["layers"][0].dump(), R"({"layer":"pirate","load_ms":1.25,"stack_ms":0.5,"weight":0.8})");
}

TEST(OpenAiAnswer, a_stream_byte_for_byte) {
  StreamText stream(head());
  EXPECT_EQ(stream.begin(), kOpen + R"(,"choices":[{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}]})" "\n\n");
  std::string out;
  stream.tokens(out, tokens("a \"b\"\n"));
  EXPECT_EQ(out, kOpen + R"(,"choices":[{"index":0,"delta":{"content":"a \"b\"\n"},"logprobs":null,"finish_reason":null}]})" "\n\n");
  const std::string end = stream.end(answered(FinishReason::kLength));
  EXPECT_TRUE(end.starts_with(kOpen + R"(,"choices":[{"index":0,"delta":{},"logprobs":null,"finish_reason":"length"}],"timings":{)")) << end;
  EXPECT_NE(end.find(R"("genepool":{"genome":"captain")"), std::string::npos);
  EXPECT_TRUE(end.ends_with("}\n\ndata: [DONE]\n\n"));
}

TEST(OpenAiAnswer, include_usage_adds_a_chunk_without_choices) {
  AnswerHead h = head();
  h.include_usage = true;
  StreamText stream(h);
  std::string out;
  stream.tokens(out, tokens("a"));
  EXPECT_TRUE(out.ends_with(R"("finish_reason":null}],"usage":null})" "\n\n")) << out;
  const std::string end = stream.end(answered());
  EXPECT_NE(end.find(R"("finish_reason":"stop"}],"usage":null})"), std::string::npos) << end;
  EXPECT_NE(end.find(R"("choices":[],"usage":{"prompt_tokens":10)"), std::string::npos) << end;
}

TEST(OpenAiAnswer, empty_tokens_make_no_chunk) {
  StreamText stream(head());
  std::string out;
  stream.tokens(out, tokens(""));  // half a character so far
  EXPECT_EQ(out, "");
}

TEST(OpenAiAnswer, completions_have_text_and_no_role) {
  StreamText stream(head(Dialect::kCompletions));
  EXPECT_EQ(stream.begin(), "");
  std::string out;
  stream.tokens(out, tokens("a"));
  EXPECT_NE(out.find(R"("object":"text_completion")"), std::string::npos);
  EXPECT_NE(out.find(R"("choices":[{"index":0,"text":"a","logprobs":null,"finish_reason":null}])"), std::string::npos);
  EXPECT_NE(stream.end(answered()).find(R"({"index":0,"text":"","logprobs":null,"finish_reason":"stop"})"), std::string::npos);
}

TEST(OpenAiAnswer, logprobs_of_chat) {
  AnswerHead h = head();
  h.has_logprobs = true;
  StreamText stream(h);
  std::string out;
  stream.tokens(out, with_logprobs());
  EXPECT_NE(out.find(R"("logprobs":{"content":[{"token":"hi","logprob":-0.25,"bytes":[104,105],"top_logprobs":[{"token":"hi","logprob":-0.25,"bytes":[104,105]},{"token":"ho","logprob":-2.0,"bytes":[104,111]}]}],"refusal":null})"),
            std::string::npos) << out;
  const Json whole = Json::parse(whole_answer(h, "hi", with_logprobs().logprobs, answered()));
  EXPECT_EQ(whole["choices"][0]["logprobs"]["content"][0]["top_logprobs"].size(), 2U);
}

TEST(OpenAiAnswer, logprobs_of_completions_keep_their_offset) {
  AnswerHead h = head(Dialect::kCompletions);
  h.has_logprobs = true;
  StreamText stream(h);
  std::string first, second;
  stream.tokens(first, with_logprobs());
  stream.tokens(second, with_logprobs());
  EXPECT_NE(first.find(R"("logprobs":{"tokens":["hi"],"token_logprobs":[-0.25],"top_logprobs":[{"hi":-0.25,"ho":-2.0}],"text_offset":[0]})"), std::string::npos) << first;
  EXPECT_NE(second.find(R"("text_offset":[2])"), std::string::npos) << second;
}

TEST(OpenAiAnswer, nothing_of_a_probability_is_a_number_too) {
  AnswerHead h = head();
  h.has_logprobs = true;
  const std::vector<TokenLogprobs> never = {{{1, -INFINITY, "x"}, {{2, NAN, "y"}}}};
  const Json whole = Json::parse(whole_answer(h, "x", never, answered()));
  EXPECT_EQ(whole["choices"][0]["logprobs"]["content"][0]["logprob"], -9999.0);
  EXPECT_EQ(whole["choices"][0]["logprobs"]["content"][0]["top_logprobs"][0]["logprob"], -9999.0);
}

TEST(OpenAiAnswer, an_error_is_a_chunk_and_then_done) {
  EXPECT_EQ(StreamText::error(fail(Code::kWorkerDied, "gone").value()),
            "data: {\"error\":{\"message\":\"gone\",\"type\":\"server_error\",\"param\":null,\"code\":\"worker_died\"}}\n\ndata: [DONE]\n\n");
}

TEST(OpenAiAnswer, a_comment_is_one_line) { EXPECT_EQ(comment("a\nb"), ": a b\n\n"); }

}  // namespace
}  // namespace genepool::api

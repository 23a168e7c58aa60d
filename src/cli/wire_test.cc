#include "cli/wire.h"

#include <gtest/gtest.h>

namespace genepool::cli {
namespace {

TEST(Wire, a_layer_survives_the_way_out_and_in) {
  LayerInfo layer{.name = "pirate", .id = "abc", .source_kind = "peft", .doubt = "who knows", .bytes = 5, .rank_min = 4, .rank_max = 8,
                  .targets = {"attn_q"}, .effect = LayerEffect{0.5, 2, 4, false}, .created_ms = 7};
  const auto back = parse_layer(json_of(layer));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->name, "pirate");
  EXPECT_EQ(back->rank_max, 8U);
  EXPECT_EQ(back->doubt, "who knows");
  EXPECT_EQ(back->targets, layer.targets);
  ASSERT_TRUE(back->effect);
  EXPECT_EQ(back->effect->kl, 0.5);
  EXPECT_EQ(back->effect->top1_changed, 2U);
}

TEST(Wire, weights_are_written_as_people_write_them) {
  const GenomeInfo genome{.name = "captain", .stack = {{"pirate", 0.8F}}, .layer_ids = {"abc"}};
  EXPECT_NE(json_of(genome).find("\"weight\": 0.8,"), std::string::npos);
  EXPECT_EQ(parse_genome(json_of(genome))->stack.front().weight, 0.8F);
}

TEST(Wire, an_openai_error_becomes_ours) {
  const Error error = error_of_answer(404, R"({"error":{"message":"no genome \"x\"","type":"invalid_request_error","param":"model","code":"model_not_found"}})");
  EXPECT_EQ(error.code, Code::kGenomeNotFound);
  EXPECT_EQ(error.message, "no genome \"x\"");
  EXPECT_EQ(error.param, "model");
}

TEST(Wire, an_answer_that_is_no_json_is_told_with_its_status) {
  EXPECT_EQ(error_of_answer(502, "<html>").message, "the server answered 502: <html>");
  EXPECT_EQ(error_of_answer(404, "nothing").code, Code::kNotFound);
}

TEST(Wire, chunks_of_a_stream) {
  EXPECT_EQ(parse_chunk(R"({"choices":[{"index":0,"delta":{"content":"Arr"},"finish_reason":null}]})")->text, "Arr");
  const auto end = parse_chunk(R"({"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":2},"genepool":{"tier":"cold","total_ms":12.5,"evicted":["poet"]}})");
  ASSERT_TRUE(end);
  EXPECT_EQ(end->completion_tokens, 2U);
  ASSERT_TRUE(end->receipt);
  EXPECT_EQ(end->receipt->tier, "cold");
  EXPECT_EQ(end->receipt->evicted, std::vector<std::string>{"poet"});
}

TEST(Wire, an_error_chunk_is_an_error) {
  const auto chunk = parse_chunk(R"({"error":{"message":"worker died","code":"worker_died"}})");
  ASSERT_FALSE(chunk);
  EXPECT_EQ(chunk.error().code, Code::kWorkerDied);
}

TEST(Wire, nonsense_is_refused) {
  EXPECT_FALSE(parse_layers("{"));
  EXPECT_FALSE(parse_layers("{}"));
  EXPECT_FALSE(parse_stats("[]"));
  EXPECT_FALSE(parse_chunk("nonsense"));
}

TEST(Wire, a_prompt_of_any_bytes_is_sent) {
  const std::string body = json_of(ChatRequest{.model = "captain", .prompt = "\xff\xfe ahoy", .max_tokens = 4});
  EXPECT_NE(body.find("ahoy"), std::string::npos);
  EXPECT_EQ(body.find("temperature"), std::string::npos);
}

}  // namespace
}  // namespace genepool::cli

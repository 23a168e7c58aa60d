// The engine on the real base: loading, decoding, the KV, sampling, tokens.
#include "engine/llama_engine.h"

#include <ggml-backend.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "engine/llama_world.h"
#include "engine/q4_1_kernel.h"

// llama.cpp's, in a header of its own.
const std::vector<std::pair<std::string, ggml_tensor*>>& llama_internal_get_tensor_map(const llama_model* model);

namespace genepool {
namespace {

using namespace test;  // NOLINT(google-build-using-namespace): its names are this test's words

std::vector<Token> greedy(std::size_t count) {
  const auto prompt = world().engine.tokenize(std::vector<ChatMessage>{{"user", "Where is the ship?"}});
  GENEPOOL_CHECK(prompt.has_value(), "tokenize");
  std::vector<BatchToken> batch;
  for (const Token token : *prompt) batch.push_back({token, static_cast<std::int32_t>(batch.size()), 0, false});
  batch.back().want_logits = true;
  SamplingParams params;
  params.temperature = 0;
  const auto sampler = world().engine.make_sampler(params, *prompt);
  std::vector<Token> answer;
  for (auto position = static_cast<std::int32_t>(batch.size()); answer.size() < count; ++position) {
    decode_or_die(batch);
    answer.push_back(sampler->sample(0).token);
    batch = {{answer.back(), position, 0, true}};
  }
  return answer;
}

std::string status_line(const std::string& key) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(key + ":")) return line.substr(key.size() + 1);
  }
  return "";
}

TEST(LlamaEngine, load_repacks_the_bases_q4_1_matrices) {
  const std::string expected = q4_1::supported() ? "CPU_Q4_1_GROUPS" : "CPU";
  int matrices = 0;
  for (const auto& [name, tensor] : llama_internal_get_tensor_map(world().engine.model())) {
    if (tensor->type != GGML_TYPE_Q4_1 || name == "token_embd.weight") continue;  // its rows are looked up one by one
    EXPECT_EQ(ggml_backend_buffer_name(tensor->buffer), expected) << name;
    ++matrices;
  }
  EXPECT_GE(matrices, 7 * 30 - 30);  // seven in each block; a quantiser may keep one of them finer
}

TEST(LlamaEngine, load_leaves_one_thread) {
  world();
  EXPECT_EQ(std::stoi(status_line("Threads")), 1);
  in_child([] {
    ASSERT_TRUE(world().engine.tokenize(std::vector<ChatMessage>{{"user", "hello"}}).has_value());
    EXPECT_EQ(std::stoi(status_line("Threads")), 1) << "a chat template's log line started a thread";
  });
}

TEST(LlamaEngine, load_reports_the_model) {
  EXPECT_EQ(world().info.context_size, 4096U);
  EXPECT_EQ(world().info.kv_bytes_per_token, 23040U);  // 30 blocks x 3 heads x 64 x (K + V) x f16
  EXPECT_GT(world().info.weights_bytes, 50'000'000U);
}

TEST(LlamaEngine, load_of_a_missing_file_is_refused) {
  EngineOptions options;
  options.base_path = "/nonexistent.gguf";
  in_child([&] {
    LlamaEngine other;
    const auto info = other.load(options);
    ASSERT_FALSE(info.has_value());
    EXPECT_EQ(info.error().code, Code::kBadRequest);
  });
}

TEST(LlamaEngine, decode_greedy_twice_gives_the_same_tokens) {
  const MemoryFile page = make_page({random_layer(world().base, 4, {"attn_v"}, 7)}, {0.5F});
  const auto first = std::make_unique<SharedRow>(24), second = std::make_unique<SharedRow>(24);
  for (const auto* out : {&first, &second}) {
    in_child([&] {
      ASSERT_TRUE(world().engine.attach(map(page)).has_value());
      const auto tokens = greedy(24);
      std::copy(tokens.begin(), tokens.end(), (*out)->values().begin());
    });
  }
  EXPECT_TRUE(same_bits(*first, *second));
}

TEST(LlamaEngine, decode_keeps_its_threads_and_says_the_same_with_any_number_of_them) {
  in_child([] {
    auto& engine = world().engine;
    decode_or_die(prompt_batch(kBatch));
    const std::vector<float> wanted(engine.logits(0).begin(), engine.logits(0).end());
    EXPECT_EQ(std::stoi(status_line("Threads")), 1);
    for (const int threads : {kThreads, kThreads, 1, kThreads}) {
      engine.keep_only(0, 0);
      ASSERT_TRUE(engine.decode(prompt_batch(kBatch), threads));
      EXPECT_EQ(std::memcmp(wanted.data(), engine.logits(0).data(), wanted.size() * sizeof(float)), 0) << threads << " threads";
      EXPECT_EQ(std::stoi(status_line("Threads")), kThreads);
    }
  });
}

TEST(LlamaEngine, decode_aborted_in_a_prefill_leaves_a_usable_context) {
  in_child([] {
    auto& engine = world().engine;
    const Instant start = monotonic_now();
    decode_or_die(prompt_batch(kBatch));
    const Duration whole = monotonic_now() - start;
    const std::vector<float> wanted(engine.logits(0).begin(), engine.logits(0).end());
    engine.keep_only(0, 0);

    int polls = 0;
    engine.set_abort([&polls] { return ++polls > 3; });
    const Instant aborted_start = monotonic_now();
    const auto status = engine.decode(prompt_batch(kBatch), 1);
    ASSERT_TRUE(status.has_value()) << status.error().message;
    EXPECT_EQ(*status, DecodeStatus::kAborted);
    EXPECT_LT(monotonic_now() - aborted_start, whole);

    engine.set_abort(nullptr);
    engine.keep_only(0, 0);
    decode_or_die(prompt_batch(kBatch));
    EXPECT_EQ(std::memcmp(wanted.data(), engine.logits(0).data(), wanted.size() * sizeof(float)), 0);
  });
}

// Saved in one process, restored in another into another sequence: the next logits are the same bits.
TEST(LlamaEngine, restored_kv_goes_on_as_if_nothing_had_happened) {
  const MemoryFile page = make_page({random_layer(world().base, 16, kAllLinears, 1)}, {1.0F});
  const std::size_t size = world().info.vocabulary;
  SharedRow wanted(size), kv(1 << 20), kv_bytes(1), got(size);
  in_child([&] {
    ASSERT_TRUE(world().engine.attach(map(page)));
    decode_or_die(prompt_batch(100));
    const std::size_t bytes = world().engine.kv_size(0);
    ASSERT_LE(bytes, kv.values().size_bytes());
    kv_bytes.values()[0] = static_cast<float>(bytes);
    ASSERT_TRUE(world().engine.save_kv(0, std::as_writable_bytes(kv.values()).first(bytes)));
    decode_or_die(prompt_batch(1, 100));
    std::ranges::copy(world().engine.logits(0), wanted.values().begin());
  });
  in_child([&] {
    LlamaEngine& engine = world().engine;
    ASSERT_TRUE(engine.attach(map(page)));
    const auto bytes = std::as_bytes(kv.values()).first(static_cast<std::size_t>(kv_bytes.values()[0]));
    EXPECT_FALSE(engine.restore_kv(2, bytes.first(bytes.size() / 2)));  // and the sequence is empty
    ASSERT_TRUE(engine.restore_kv(2, bytes));
    decode_or_die(prompt_batch(1, 100, 2));
    std::ranges::copy(engine.logits(0), got.values().begin());
  });
  EXPECT_EQ(std::memcmp(wanted.values().data(), got.values().data(), wanted.values().size_bytes()), 0);
}

// The rest of a prompt behind a shared beginning gives what it gives behind the sequence's own.
TEST(LlamaEngine, a_shared_beginning_is_as_good_as_an_own_one) {
  const auto own = new_rows(), shared = new_rows();
  const auto rest = [](std::int32_t sequence, std::span<float> to) {
    decode_or_die(prompt_batch(8, 40, sequence));
    const auto logits = world().engine.logits(0);
    std::copy(logits.begin(), logits.end(), to.begin());
  };
  in_child([&] {
    decode_or_die(prompt_batch(40));
    rest(0, own->values());
  });
  in_child([&] {
    Engine& engine = world().engine;
    decode_or_die(prompt_batch(60));
    engine.share(0, 1, 40);
    rest(1, shared->values());
    decode_or_die(prompt_batch(1, 60));  // the other one goes on
    engine.keep_only(0, 0);
    engine.keep_only(1, 40);
    rest(1, shared->values());
  });
  EXPECT_TRUE(same_bits(*own, *shared));
}

TEST(LlamaEngine, decode_without_room_changes_nothing) {
  in_child([] {
    EngineOptions options;
    options.base_path = test::model_path();
    options.context_size = 256;
    options.batch_size = kBatch;
    LlamaEngine small;
    ASSERT_TRUE(small.load(options).has_value());
    for (const std::int32_t from : {0, 128}) ASSERT_TRUE(small.decode(prompt_batch(kBatch, from), 1).has_value());
    const auto full = small.decode(prompt_batch(1, 256), 1);
    ASSERT_TRUE(full.has_value()) << full.error().message;
    EXPECT_EQ(*full, DecodeStatus::kNoRoom);
    small.keep_only(0, 255);
    const auto again = small.decode(prompt_batch(1, 255), 1);
    EXPECT_TRUE(again.has_value() && *again == DecodeStatus::kDone);
  });
}

TEST(LlamaEngine, sample_logprobs_are_a_distribution) {
  in_child([] {
    decode_or_die(prompt_batch(8));
    SamplingParams params;
    params.temperature = 0;
    params.top_logprobs = static_cast<std::int32_t>(world().info.vocabulary);
    const Sampled sampled = world().engine.make_sampler(params, {})->sample(0);
    double sum = 0;
    for (const TokenLogprob& each : sampled.top) sum += std::exp(static_cast<double>(each.logprob));
    EXPECT_NEAR(sum, 1.0, 1e-4);
    EXPECT_EQ(sampled.top.front().token, sampled.token);
    EXPECT_EQ(sampled.top.front().logprob, sampled.logprob);
  });
}

TEST(LlamaEngine, sample_with_a_seed_repeats_and_without_one_differs) {
  in_child([] {
    decode_or_die(prompt_batch(8));
    SamplingParams params;
    params.temperature = 1.5F;
    const auto draw = [&params] {
      std::vector<Token> tokens;
      const auto sampler = world().engine.make_sampler(params, {});
      for (int i = 0; i < 20; ++i) tokens.push_back(sampler->sample(0).token);
      return tokens;
    };
    EXPECT_NE(draw(), draw());
    params.seed = 42;
    EXPECT_EQ(draw(), draw());
  });
}

TEST(LlamaEngine, sample_obeys_bias_and_penalties) {
  in_child([] {
    decode_or_die(prompt_batch(8));
    SamplingParams params;
    params.temperature = 0;
    const Token favourite = world().engine.make_sampler(params, {})->sample(0).token;
    params.logit_bias = {{favourite, -100.0F}};
    EXPECT_NE(world().engine.make_sampler(params, {})->sample(0).token, favourite);
    params.logit_bias.clear();
    params.presence_penalty = 100;
    const auto sampler = world().engine.make_sampler(params, {});
    EXPECT_EQ(sampler->sample(0).token, favourite);
    EXPECT_NE(sampler->sample(0).token, favourite);
  });
}

TEST(LlamaEngine, tokenize_uses_the_bases_chat_template) {
  const auto tokens = world().engine.tokenize(std::vector<ChatMessage>{{"system", "Be brief."}, {"user", "Hi"}});
  ASSERT_TRUE(tokens.has_value()) << tokens.error().message;
  std::string text;
  for (const Token token : *tokens) text += world().engine.piece(token);  // control tokens have no text
  EXPECT_EQ(text, "system\nBe brief.\nuser\nHi\nassistant\n");
}

TEST(LlamaEngine, tokenize_refuses_what_is_empty_or_out_of_range) {
  EXPECT_FALSE(world().engine.tokenize(std::vector<Token>{}).has_value());
  EXPECT_FALSE(world().engine.tokenize(std::vector<Token>{-1}).has_value());
  EXPECT_FALSE(world().engine.tokenize(std::vector<Token>{static_cast<Token>(world().info.vocabulary)}).has_value());
}

}  // namespace
}  // namespace genepool

// What genepool serves is what was trained: every demo layer and several stacks (negative, repeated) on the real engine,
// imported, fused and attached by our own code, against next-token probabilities that the training side computed in float32
// (tools/train_layers/reference.py). A wrong row permutation, scale or order moves these by whole nats.
//
// Tolerance: the served base is Q4_1 with 8 bit activations, the reference its dequantised float32 (notes: a LoRA scaled by
// 1e-6 already moves logits of the Q4_1 base by 0.65). So: the likeliest token must agree wherever the reference's lead over
// the second is above kClearLead, and log-probabilities of likely tokens stay within kMostMoved, on average kMeanMoved.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "base/hash.h"
#include "engine/engine.h"
#include "engine/test_pages.h"
#include "import/import.h"

namespace genepool {
namespace {

using Json = nlohmann::json;

constexpr double kClearLead = 0.7, kLikely = -3.0, kMostMoved = 0.7, kMeanMoved = 0.15;

struct Compared {
  int clear = 0, agree = 0, values = 0;
  double moved = 0, most = 0;
};

std::vector<std::byte> fuse_stack(const Json& stack, const BaseModel& base) {
  std::map<std::string, std::vector<std::byte>> bytes;
  std::map<std::string, LayerView> views;
  for (const Json& entry : stack) {
    const auto name = entry[0].get<std::string>();
    if (views.contains(name)) continue;
    auto layer = import_layer("demo/layers/" + name, base);
    GENEPOOL_CHECK(layer.has_value(), "{}", layer ? "" : layer.error().message);
    bytes[name] = std::move(layer->bytes);
    views[name] = *LayerView::parse(bytes[name], false);
  }
  std::vector<FusePart> parts;
  for (const Json& entry : stack) parts.push_back({&views.at(entry[0].get<std::string>()), entry[1].get<float>()});
  const auto plan = FusePlan::make(parts);
  std::vector<std::byte> page(plan->byte_size());
  plan->write(page);
  return page;
}

// Log-probabilities of the next token: asked for by making the sampler report all that the reference lists.
std::map<Token, float> next_token(Engine& engine, const std::vector<Token>& prompt, Token& best) {
  engine.keep_only(0, 0);
  std::vector<BatchToken> batch;
  for (std::size_t i = 0; i < prompt.size(); ++i) {
    batch.push_back({prompt[i], static_cast<std::int32_t>(i), 0, i + 1 == prompt.size()});
  }
  GENEPOOL_CHECK(engine.decode(batch, 1).value() == DecodeStatus::kDone);
  SamplingParams greedy;
  greedy.temperature = 0;
  greedy.top_logprobs = 50;
  const Sampled sampled = engine.make_sampler(greedy, prompt)->sample(0);
  best = sampled.token;
  std::map<Token, float> found;
  for (const TokenLogprob& top : sampled.top) found[top.token] = top.logprob;
  return found;
}

void compare(const Json& reference, const std::map<Token, float>& found, Token best, Compared& result) {
  if (reference[0][1].get<double>() - reference[1][1].get<double>() > kClearLead) {
    ++result.clear;
    result.agree += best == reference[0][0].get<Token>() ? 1 : 0;
  }
  for (const Json& top : reference) {
    if (top[1].get<double>() < kLikely) continue;
    const auto at = found.find(top[0].get<Token>());
    const double moved = at == found.end() ? 99 : std::abs(static_cast<double>(at->second) - top[1].get<double>());
    ++result.values;
    result.moved += moved;
    result.most = std::max(result.most, moved);
  }
}

Compared measure(Engine& engine, const Json& genome, const Json& prompts, const BaseModel& base) {
  Mapping mapping;
  if (!genome["stack"].empty()) {
    const auto page = fuse_stack(genome["stack"], base);
    auto file = MemoryFile::create("page", page.size());
    std::memcpy(file->writable().data(), page.data(), page.size());
    GENEPOOL_CHECK(file->seal().has_value());
    mapping = std::move(*Mapping::of_fd(file->fd()));
  }
  const auto attached = engine.attach(std::move(mapping));
  GENEPOOL_CHECK(attached.has_value(), "{}", attached ? "" : attached.error().message);
  Compared result;
  for (std::size_t p = 0; p < prompts.size(); ++p) {
    Token best = -1;
    const auto found = next_token(engine, prompts[p]["ids"].get<std::vector<Token>>(), best);
    compare(genome["top"][p], found, best, result);
  }
  return result;
}

TEST(Fidelity, every_layer_and_stack_speaks_as_it_was_trained) {
  std::ifstream file("tests/data/reference_logits.json");
  const Json reference = Json::parse(file);
  const std::string model = test::model_path();
  ASSERT_FALSE(model.empty());
  const BaseModel base = test::base_model(model);
  const auto engine = make_engine("llama");
  ASSERT_TRUE(engine->load({.base_path = model, .context_size = 512, .sequences = 1, .batch_size = 128}));

  ASSERT_GE(reference["genomes"].size(), 25u);
  for (const Json& genome : reference["genomes"]) {
    std::array<int, 2> pipe_ends{};
    ASSERT_EQ(::pipe(pipe_ends.data()), 0);
    const pid_t child = ::fork();  // a process attaches once
    if (child == 0) {
      const Compared result = measure(*engine, genome, reference["prompts"], base);
      ::_exit(::write(pipe_ends[1], &result, sizeof result) == sizeof result ? 0 : 1);
    }
    ::close(pipe_ends[1]);
    Compared result;
    ASSERT_EQ(::read(pipe_ends[0], &result, sizeof result), static_cast<ssize_t>(sizeof result)) << genome["stack"];
    ::close(pipe_ends[0]);
    ::waitpid(child, nullptr, 0);
    const double mean = result.moved / result.values;
    std::printf("%-70s top-1 %d of %d clear, log-prob moved %.3f mean %.3f most\n", genome["stack"].dump().c_str(), result.agree,
                result.clear, mean, result.most);
    EXPECT_EQ(result.agree, result.clear) << genome["stack"];
    EXPECT_LE(mean, kMeanMoved) << genome["stack"];
    EXPECT_LE(result.most, kMostMoved) << genome["stack"];
  }
}

// One hash over every tensor's name, type and bytes, in order of name: as tools/train_layers/converted.py makes it of what
// llama.cpp's own converter wrote.
std::string hash_of_tensors(const LayerView& layer) {
  std::map<std::string, const GgufTensor*> tensors;
  for (const LayerPair& pair : layer.pairs()) {
    tensors[pair.a.name] = &pair.a;
    tensors[pair.b.name] = &pair.b;
  }
  Sha256 hash;
  for (const auto& [name, tensor] : tensors) {
    GENEPOOL_CHECK(tensor->type() == TensorType::kF16, "{}", name);
    hash.add(name + " F16 ");
    hash.add(layer.data(*tensor));
  }
  return hash.finish().hex();
}

TEST(Fidelity, the_importer_arrives_at_the_bytes_of_llama_cpps_converter) {
  std::ifstream file("tests/data/converted_layers.json");
  const Json converted = Json::parse(file);
  ASSERT_EQ(converted.size(), 10u);
  const BaseModel base = test::base_model(test::model_path());
  for (const auto& [name, expected] : converted.items()) {
    const auto layer = import_layer("demo/layers/" + name, base);
    ASSERT_TRUE(layer) << layer.error().message;
    const auto view = LayerView::parse(layer->bytes, false);
    EXPECT_EQ(2 * view->pairs().size(), expected["tensors"].get<std::size_t>()) << name;
    EXPECT_EQ(hash_of_tensors(*view), expected["sha256"].get<std::string>()) << name;
  }
}

}  // namespace
}  // namespace genepool

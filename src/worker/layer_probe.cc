#include "worker/layer_probe.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <vector>

namespace genepool {
namespace {

// A question, a request, a wish and small talk: what a layer is usually trained to answer differently.
constexpr std::array kPrompts = {"What is the capital of France?", "Write one line about the sea.", "Give me three fruits.",
                                 "Hello! How are you today?"};

using Distribution = std::vector<float>;  // natural logs, by token

// A base without a chat template takes plain text, one without a tokenizer the first tokens of its vocabulary.
Result<std::vector<Token>> tokens_of(Engine& engine, const std::string& prompt) {
  if (auto chat = engine.tokenize(std::vector<ChatMessage>{{"user", prompt}})) return chat;
  if (auto text = engine.tokenize(prompt)) return text;
  std::vector<Token> first(1 + prompt.size() % 8);
  for (std::size_t i = 0; i < first.size(); ++i) first[i] = static_cast<Token>(i);
  return engine.tokenize(first);
}

Result<Distribution> next_after(Engine& engine, const std::vector<Token>& tokens, std::uint32_t batch_size, const ProbeStep& step) {
  std::vector<BatchToken> batch;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const bool is_last = i + 1 == tokens.size();
    batch.push_back({tokens[i], static_cast<std::int32_t>(i), 0, is_last});
    if (batch.size() < batch_size && !is_last) continue;
    GENEPOOL_TRY(const DecodeStatus status, step(batch));
    if (status != DecodeStatus::kDone) return fail(Code::kInternal, "the engine had no room for a prompt of {} tokens", tokens.size());
    batch.clear();
  }
  Distribution next = engine.log_probabilities(0);
  engine.keep_only(0, 0);
  return next;
}

Result<std::vector<Distribution>> next_after_all(Engine& engine, std::uint32_t batch_size, const ProbeStep& step) {
  std::vector<Distribution> all;
  for (const char* prompt : kPrompts) {
    GENEPOOL_TRY(const std::vector<Token> tokens, tokens_of(engine, prompt));
    GENEPOOL_TRY(all.emplace_back(), next_after(engine, tokens, batch_size, step));
  }
  return all;
}

double divergence(const Distribution& base, const Distribution& layer) {
  double sum = 0;
  for (std::size_t i = 0; i < base.size(); ++i) {
    sum += std::exp(static_cast<double>(base[i])) * (static_cast<double>(base[i]) - static_cast<double>(layer[i]));
  }
  return std::max(0.0, sum);
}

bool is_same_choice(const Distribution& a, const Distribution& b) {
  return std::ranges::max_element(a) - a.begin() == std::ranges::max_element(b) - b.begin();
}

LayerEffect compare(const std::vector<Distribution>& base, const std::vector<Distribution>& layer) {
  LayerEffect effect;
  effect.prompts = static_cast<std::uint32_t>(base.size());
  for (std::size_t i = 0; i < base.size(); ++i) {
    effect.kl += divergence(base[i], layer[i]) / static_cast<double>(base.size());
    if (!is_same_choice(base[i], layer[i])) ++effect.top1_changed;
  }
  effect.is_none = base == layer;
  return effect;
}

}  // namespace

Result<LayerEffect> probe_layer(Engine& engine, Mapping page, std::uint32_t batch_size, const ProbeStep& step) {
  GENEPOOL_TRY(const auto base, next_after_all(engine, batch_size, step));
  GENEPOOL_TRY_VOID(engine.attach(std::move(page)));
  auto layer = next_after_all(engine, batch_size, step);
  if (!layer) return fail(Code::kLayerRejected, "the base cannot compute with it: {}", layer.error().message);
  return compare(base, *layer);
}

}  // namespace genepool

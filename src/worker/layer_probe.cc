#include "worker/layer_probe.h"

#include <vector>

#include "worker/distribution.h"
#include "worker/probe_prompts.h"

namespace genepool {
namespace {

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
  for (const char* prompt : kProbePrompts) {
    GENEPOOL_TRY(const std::vector<Token> tokens, probe_tokens(engine, prompt));
    GENEPOOL_TRY(all.emplace_back(), next_after(engine, tokens, batch_size, step));
  }
  return all;
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

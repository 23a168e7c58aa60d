#include "api/receipt.h"

#include <cmath>
#include <cstdlib>

namespace genepool::api {
namespace {

double micro(double ms) { return std::round(ms * 1000) / 1000; }  // a microsecond is what a clock here is good for

double per(double amount, double divisor) { return divisor > 0 ? micro(amount / divisor) : 0; }

}  // namespace

std::string_view tier_text(Tier tier) {
  switch (tier) {
    case Tier::kCold: return "cold";
    case Tier::kWarm: return "warm";
    case Tier::kHot: return "hot";
  }
  return "cold";
}

double weight_number(float weight) { return std::strtod(weight_text(weight).c_str(), nullptr); }

Out receipt_json(const Receipt& r) {
  Out layers = Out::array();
  for (const LayerReceipt& layer : r.layers) {
    layers.push_back({{"layer", layer.layer},
                      {"weight", weight_number(layer.weight)},
                      {"load_ms", micro(layer.load_ms)},
                      {"stack_ms", micro(layer.stack_ms)}});
  }
  return {{"genome", r.genome},
          {"fallback_for", r.fallback_for.empty() ? Out() : Out(r.fallback_for)},
          {"version", r.version},
          {"identity", r.identity},
          {"tier", tier_text(r.tier)},
          {"queue_ms", micro(r.queue_ms)},
          {"acquire_ms", micro(r.acquire_ms)},
          {"layer_load_ms", micro(r.layer_load_ms)},
          {"layer_stack_ms", micro(r.layer_stack_ms)},
          {"process_spawn_ms", micro(r.process_spawn_ms)},
          {"inference_ms", micro(r.inference_ms)},
          {"prefill_ms", micro(r.prefill_ms)},
          {"decode_ms", micro(r.decode_ms)},
          {"first_token_ms", micro(r.first_token_ms)},
          {"process_teardown_ms", r.process_teardown_ms ? Out(micro(*r.process_teardown_ms)) : Out()},
          {"total_ms", micro(r.total_ms)},
          {"assembly_ratio", micro(r.assembly_ratio)},
          {"evicted", r.evicted},
          {"layers", std::move(layers)},
          {"worker", r.worker},
          {"is_retry", r.is_retry}};
}

Out usage_json(const Outcome& outcome) {
  return {{"prompt_tokens", outcome.prompt_tokens},
          {"completion_tokens", outcome.completion_tokens},
          {"total_tokens", outcome.prompt_tokens + outcome.completion_tokens},
          {"prompt_tokens_details", {{"cached_tokens", outcome.cached_tokens}}}};
}

Out timings_json(const Outcome& outcome) {
  const Receipt& r = outcome.receipt;
  const std::uint32_t prompt = outcome.prompt_tokens - outcome.cached_tokens;
  return {{"cache_n", outcome.cached_tokens},
          {"prompt_n", prompt},
          {"prompt_ms", micro(r.prefill_ms)},
          {"prompt_per_token_ms", per(r.prefill_ms, prompt)},
          {"prompt_per_second", per(1000.0 * prompt, r.prefill_ms)},
          {"predicted_n", outcome.completion_tokens},
          {"predicted_ms", micro(r.decode_ms)},
          {"predicted_per_token_ms", per(r.decode_ms, outcome.completion_tokens)},
          {"predicted_per_second", per(1000.0 * outcome.completion_tokens, r.decode_ms)}};
}

}  // namespace genepool::api

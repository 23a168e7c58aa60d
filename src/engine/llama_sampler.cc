// Runs in workers.
#include "engine/llama_sampler.h"

#include <llama.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <unordered_map>
#include <utility>

namespace genepool {
namespace {

struct FreeChain {
  void operator()(llama_sampler* chain) const { llama_sampler_free(chain); }
};
using Chain = std::unique_ptr<llama_sampler, FreeChain>;

std::uint32_t fresh_seed() { return std::random_device{}(); }

// Null for greedy: the largest logit needs neither candidates nor sorting.
Chain make_chain(const SamplingParams& params) {
  if (params.temperature <= 0) return nullptr;
  auto settings = llama_sampler_chain_default_params();
  settings.no_perf = true;
  Chain chain(llama_sampler_chain_init(settings));
  const auto add = [&chain](llama_sampler* step) { llama_sampler_chain_add(chain.get(), step); };
  if (params.top_k > 0) add(llama_sampler_init_top_k(params.top_k));
  if (params.top_p < 1) add(llama_sampler_init_top_p(params.top_p, 1));
  if (params.min_p > 0) add(llama_sampler_init_min_p(params.min_p, 1));
  if (params.temperature != 1) add(llama_sampler_init_temp(params.temperature));
  add(llama_sampler_init_dist(params.seed ? *params.seed : fresh_seed()));
  return chain;
}

class LlamaSampler final : public Sampler {
 public:
  LlamaSampler(const SamplingParams& params, std::span<const Token> prompt, LogitsOf logits_of)
      : params_(params), logits_of_(std::move(logits_of)), chain_(make_chain(params)) {
    for (const Token token : prompt) seen_.try_emplace(token, 0);
  }

  Sampled sample(std::size_t output) override {
    const std::span<const float> raw = logits_of_(output);
    const std::span<const float> logits = adjusts() ? adjusted(raw) : raw;
    Sampled result;
    result.token = chain_ ? draw(logits) : largest(logits);
    ++seen_[result.token];
    if (params_.top_logprobs >= 0) {
      Logprobs logprobs = logprobs_of(raw, result.token, static_cast<std::size_t>(params_.top_logprobs));
      result.logprob = logprobs.chosen;
      result.top = std::move(logprobs.top);
    }
    return result;
  }

 private:
  [[nodiscard]] bool adjusts() const {
    return !params_.logit_bias.empty() || params_.repeat_penalty != 1 || params_.presence_penalty != 0 ||
           params_.frequency_penalty != 0;
  }

  // Here and not by llama.cpp's own steps: they look every token of the vocabulary up in a hash map, we touch only those
  // that were seen. Presence and frequency count what was generated, repetition also the prompt, as vLLM does.
  std::span<const float> adjusted(std::span<const float> raw) {
    adjusted_.assign(raw.begin(), raw.end());
    for (const auto& [token, bias] : params_.logit_bias) {
      if (token >= 0 && static_cast<std::size_t>(token) < raw.size()) adjusted_[static_cast<std::size_t>(token)] += bias;
    }
    for (const auto& [token, times] : seen_) {
      float& logit = adjusted_[static_cast<std::size_t>(token)];
      logit = logit > 0 ? logit / params_.repeat_penalty : logit * params_.repeat_penalty;
      if (times > 0) logit -= params_.presence_penalty + params_.frequency_penalty * static_cast<float>(times);
    }
    return adjusted_;
  }

  static Token largest(std::span<const float> logits) {
    return static_cast<Token>(std::max_element(logits.begin(), logits.end()) - logits.begin());
  }

  Token draw(std::span<const float> logits) {
    candidates_.resize(logits.size());
    for (std::size_t i = 0; i < logits.size(); ++i) candidates_[i] = {static_cast<Token>(i), logits[i], 0.0F};
    llama_token_data_array array{candidates_.data(), candidates_.size(), -1, false};
    llama_sampler_apply(chain_.get(), &array);
    GENEPOOL_CHECK(array.selected >= 0, "the sampler chain chose nothing");
    return array.data[array.selected].id;
  }

  SamplingParams params_;
  LogitsOf logits_of_;
  Chain chain_;
  std::unordered_map<Token, int> seen_;  // -> how often it was generated; 0: only in the prompt
  std::vector<float> adjusted_;
  std::vector<llama_token_data> candidates_;
};

}  // namespace

std::unique_ptr<Sampler> make_llama_sampler(const SamplingParams& params, std::span<const Token> prompt,
                                            LogitsOf logits_of) {
  return std::make_unique<LlamaSampler>(params, prompt, std::move(logits_of));
}

double log_sum_exp(std::span<const float> logits) {
  const double largest = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (const float logit : logits) sum += std::exp(static_cast<double>(logit) - largest);
  return largest + std::log(sum);
}

Logprobs logprobs_of(std::span<const float> logits, Token chosen, std::size_t count) {
  const double log_sum = log_sum_exp(logits);
  const auto logprob = [&](Token token) {
    return static_cast<float>(static_cast<double>(logits[static_cast<std::size_t>(token)]) - log_sum);
  };
  std::vector<Token> best(logits.size());
  for (std::size_t i = 0; i < best.size(); ++i) best[i] = static_cast<Token>(i);
  const auto end = best.begin() + static_cast<std::ptrdiff_t>(std::min(count, best.size()));
  std::partial_sort(best.begin(), end, best.end(), [&](Token a, Token b) {
    const float x = logits[static_cast<std::size_t>(a)], y = logits[static_cast<std::size_t>(b)];
    return x != y ? x > y : a < b;
  });
  Logprobs result{logprob(chosen), {}};
  for (auto it = best.begin(); it != end; ++it) result.top.push_back({*it, logprob(*it)});
  return result;
}

}  // namespace genepool

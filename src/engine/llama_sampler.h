// Draws tokens from a row of logits. Made after fork: an inherited random state would give every worker the same answers.
// Order as in llama.cpp: logit bias, penalties, top_k, top_p, min_p, temperature, then the draw.
// Thread: the process's only one.
#pragma once

#include <functional>
#include <memory>
#include <span>

#include "engine/engine.h"

namespace genepool {

using LogitsOf = std::function<std::span<const float>(std::size_t output)>;

[[nodiscard]] std::unique_ptr<Sampler> make_llama_sampler(const SamplingParams& params, std::span<const Token> prompt,
                                                          LogitsOf logits_of);

[[nodiscard]] double log_sum_exp(std::span<const float> logits);  // what turns logits into natural logs of probabilities

// Natural logs of the distribution that `logits` stand for: of `chosen`, and of the `count` most likely tokens, best first.
struct Logprobs {
  float chosen = 0;
  std::vector<TokenLogprob> top;
};
[[nodiscard]] Logprobs logprobs_of(std::span<const float> logits, Token chosen, std::size_t count);

}  // namespace genepool

// One request inside the batcher: its tokens, its random state, what of its text is not out yet. Only batcher*.cc see it.
#pragma once

#include "worker/batcher.h"

namespace genepool {

struct Batcher::Request {
  explicit Request(const Generate& g)
      : id(g.request),
        text(g.stop),
        max_tokens(g.max_tokens),
        ignores_end(g.ignore_end),
        wants_logprobs(g.sampling.top_logprobs >= 0) {}

  [[nodiscard]] std::size_t generated() const { return tokens.size() - prompt_size; }

  RequestId id;
  TextStream text;
  std::uint32_t max_tokens;
  bool ignores_end, wants_logprobs;
  std::vector<Token> tokens;  // the prompt, then the answer
  std::size_t prompt_size = 0, cached = 0;
  std::unique_ptr<Sampler> sampler;
  std::int32_t sequence = -1;  // -1: waits
  bool is_cancelled = false, has_ended = false;
  Instant started{}, first_token{};
  // Generated, but its text is not out yet: whether it will be is open while it may become a stop string.
  struct Pending {
    std::size_t text_at;
    TokenLogprobs logprobs;
  };
  std::vector<Pending> pending;
};

}  // namespace genepool

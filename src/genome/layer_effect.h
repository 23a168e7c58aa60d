// LayerEffect: how far one layer, alone and with weight 1, moves what the base says next after a few fixed prompts.
// Thread: a value. Measured by worker/layer_probe.h, kept with the layer by store/.
#pragma once

#include <cstdint>

namespace genepool {

struct LayerEffect {
  double kl = 0;                  // nats; Kullback-Leibler divergence of the layer's next token from the base's, mean over prompts
  std::uint32_t top1_changed = 0;  // prompts after which another token is the likeliest
  std::uint32_t prompts = 0;
  bool is_none = false;            // every logit of every prompt has the base's bits
};

}  // namespace genepool

// How large a layer's changes are, kind of matrix by kind: the Frobenius norm of scale * B * A over all blocks. It tells a
// layer that was barely trained from one that is blown up, and where it acts; not what it does (LayerEffect says that).
// Thread: any, pure. Time: rank^2 * (in + out) a pair; the product B A itself is never made.
#pragma once

#include <string>
#include <vector>

#include "genome/layer_file.h"

namespace genepool {

struct KindNorm {
  std::string kind;     // "attn_q"
  double norm = 0;      // with weight 1
};

// "blk.3.attn_q.weight" -> "attn_q"
[[nodiscard]] std::string kind_of(const std::string& base_tensor);

[[nodiscard]] std::vector<KindNorm> norms_of(const LayerView& layer);  // in order of kind

// The factor s of s B A over the pairs, and alpha = s * rank, which is what a plain LoRA was configured with (of an rsLoRA:
// the alpha that a plain one of the same rank would have).
struct LayerScales {
  double scale_min = 0, scale_max = 0, alpha_min = 0, alpha_max = 0;
};
[[nodiscard]] LayerScales scales_of(const LayerView& layer);  // Requires: it has pairs

}  // namespace genepool

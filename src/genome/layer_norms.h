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

}  // namespace genepool

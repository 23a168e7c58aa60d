// Where a module that PEFT adapted lies in a base's GGUF, and which of a base's tensors a layer may change. modules.cc holds
// the one table of both. Thread: any, pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "genome/base_model.h"

namespace genepool {

// kLayerRejected names the architecture when PEFT's modules of it are not in the table.
[[nodiscard]] Result<void> check_peft_architecture(const BaseModel& base);

struct ModulePlace {
  std::string base_tensor;           // "blk.3.attn_q.weight"
  std::optional<std::uint64_t> block;  // 3; none for the embedding and the output
  std::uint64_t in = 0, out = 0;     // what the module's pair goes from and to
  std::uint64_t first_row = 0;       // of base_tensor: other than 0 for the k and v part of a matrix that holds q, k and v
  std::uint64_t rows = 0;            // of the whole base_tensor; more than `out` when the module is only a part of it
  std::uint64_t permuted_heads = 0;  // other than 0: the rows of B are permuted in that many heads (peft.h, permute_rows)
};

// `module` without "base_model.model.": "model.layers.3.self_attn.q_proj", "lm_head". kLayerRejected says why a layer for
// this base cannot have it. Requires: check_peft_architecture().
[[nodiscard]] Result<ModulePlace> place_of(std::string_view module, const BaseModel& base);

struct TensorShape {
  std::uint64_t in = 0, out = 0;
};
// What a pair on this base tensor goes from and to. kLayerRejected: the base has no such matrix, its embeddings are tied, or
// the engine does not apply layers to this kind of tensor.
[[nodiscard]] Result<TensorShape> adapted_shape(const std::string& base_tensor, const BaseModel& base);

}  // namespace genepool

// A PEFT LoRA folder as pairs in GGUF's names and order; q and k rows permuted where the base's RoPE is interleaved,
// as llama.cpp's convert_lora_to_gguf.py does. Thread: any; blocks on reading.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "genome/base_model.h"
#include "genome/layer_file.h"

namespace genepool {

struct SourceLayer {
  std::vector<LayerPairData> pairs;
  Digest source_hash;
  std::string source_kind, declared_base;
};

[[nodiscard]] Result<SourceLayer> read_peft(const std::string& folder, const BaseModel& base);

// Row i*d + 2j + p of the result = row i*d + p*d/2 + j of the input, in each head i of d rows (j < d/2, p in {0, 1}).
// `rows` = heads * d rows of `row_bytes`. Requires: d is even.
void permute_rows(std::span<std::byte> rows, std::uint64_t row_bytes, std::uint64_t row_count, std::uint64_t heads);

}  // namespace genepool

// Import: a PEFT folder or a GGUF LoRA becomes one normalised layer file, or a refusal that says why.
// Thread: any; blocks on reading files. Memory: bounded by the source's size, which is checked first (kMaxSourceBytes).
// Use:   GENEPOOL_TRY(ImportedLayer layer, import_layer("adapters/pirate", base));
// Not here: where the bytes go (store/), fusing (genome/page.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "genome/base_model.h"
#include "genome/imported_layer.h"

namespace genepool {

inline constexpr std::uint64_t kMaxSourceBytes = std::uint64_t{4} << 30;

struct ImportOptions {
  bool force = false;  // also a layer that says it was made for a base of another name (genome/base_name.h)
};

// `path`: a PEFT folder (adapter_config.json + adapter_model.safetensors or its shards) or a .gguf file.
// kLayerRejected names the tensor or key and the reason; kIo when it cannot be read.
[[nodiscard]] Result<ImportedLayer> import_layer(const std::string& path, const BaseModel& base, const ImportOptions& options = {});

// A layer of random values for measurements: rank x targets of any size, deterministic in `seed`. The deltas are small
// enough (`amplitude`) that text stays text. Targets are kinds ("attn_q", ...), or "all" for the seven linears.
struct RandomLayerOptions {
  std::uint64_t rank = 16;
  std::vector<std::string> targets{"all"};
  std::uint64_t seed = 1;
  float amplitude = 0.01F;
};
[[nodiscard]] Result<ImportedLayer> random_layer(const RandomLayerOptions& options, const BaseModel& base);

}  // namespace genepool

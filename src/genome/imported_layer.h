// ImportedLayer: a normalised layer with what is known of its source; made by import/, kept by store/. Thread: a value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "genome/genome.h"
#include "genome/layer_effect.h"

namespace genepool {

struct ImportedLayer {
  std::vector<std::byte> bytes;   // normalised (layer_file.h)
  LayerId id;                     // their SHA-256
  Digest source_hash;             // of the source's tensor file
  std::string source_kind;        // "peft", "gguf" or "random"
  std::string architecture;       // "llama"
  std::string declared_base;      // base_model_name_or_path or general.base_model.0.name, "" when it says nothing
  std::uint64_t rank_min = 0, rank_max = 0;
  std::vector<std::string> targets;  // distinct kinds: "attn_q", "ffn_up"
  std::uint64_t parameter_count = 0;
  std::optional<LayerEffect> effect;  // none: nobody has measured it
};

}  // namespace genepool

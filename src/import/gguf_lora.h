// A GGUF LoRA adapter (as convert_lora_to_gguf.py writes it), or a normalised layer file of ours, as pairs.
// Thread: any; blocks on reading.
#pragma once

#include <string>

#include "base/error.h"
#include "genome/base_model.h"
#include "import/peft.h"

namespace genepool {

[[nodiscard]] Result<SourceLayer> read_gguf_lora(const std::string& path, const BaseModel& base);

}  // namespace genepool

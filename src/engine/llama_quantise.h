// A base in another quantised type, by llama.cpp's own quantiser. Thread: any one; it starts `job.threads` of its own.
#pragma once

#include "engine/engine.h"

namespace genepool {

// As quantise_base().
[[nodiscard]] Result<void> quantise_llama_base(const QuantiseJob& job);

}  // namespace genepool

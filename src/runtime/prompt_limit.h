// Refuses a prompt that cannot fit the base's context whatever its tokens are, before it costs a page-in, a copy to a worker
// or seconds of tokenising there, in which the genome's other requests would stand still. What passes may still be too
// long: the worker counts.
#pragma once

#include "base/error.h"
#include "engine/engine.h"

namespace genepool {

// kBadRequest with param "prompt" or "messages". An `engine` that is not loaded yet (context_size 0) refuses nothing.
[[nodiscard]] Result<void> check_prompt_size(const Prompt& prompt, const EngineInfo& engine);

}  // namespace genepool

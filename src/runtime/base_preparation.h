// Base preparation: the same weights in another type may compute much faster on this CPU. Writes the candidates, has each
// measured beside the source in a process of its own, and keeps the best in the store under the source's id.
// Thread: any; blocks for seconds (135M) to many minutes (8B). Uses all of `threads` cores: nothing else should compute.
#pragma once

#include <functional>
#include <string>

#include "config/config.h"
#include "runtime/base_choice.h"
#include "store/store.h"
#include "worker/base_tool.h"

namespace genepool {

struct PreparationOptions {
  BaseLimits limits;
  int threads = 1;
  std::string wanted;    // a type of kPreparedTypes to keep whatever it measures; "" = the best
  bool is_trial = false; // measure, and keep nothing
};

// For people.
struct PreparationListener {
  std::function<void(const std::string&)> now;      // what is being done: "q8_0: round 1 of 3, the candidate"
  std::function<void(const std::string&)> warning;  // what makes the result worth less
};

// `path`, `source`: what use_base() returned. Candidates that cannot be tried have the reason as their verdict.
// kBadRequest: unknown type. kConflict: the wanted type cannot be kept, with the reason.
[[nodiscard]] Result<PreparedBase> prepare_base(Store& store, const BaseTool& tool, const std::string& path, const BaseModel& source,
                                                const PreparationOptions& options, const PreparationListener& listener);

// As the settings say. `base.bytes` 0 is half of the memory that is free now.
[[nodiscard]] PreparationOptions preparation_options(const Config& config);
[[nodiscard]] BaseTool base_tool(const Config& config);
// For PreparedBase::machine: another CPU or number of threads may find otherwise.
[[nodiscard]] std::string preparation_machine(int threads);

}  // namespace genepool

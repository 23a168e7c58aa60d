// The pool's knobs as settings say them. Thread: any, pure.
#pragma once

#include "config/config.h"
#include "pool/events.h"

namespace genepool {

// What a setting of 0 stands for, and what the base says.
struct KnobDefaults {
  std::uint64_t hot_bytes = 0, warm_bytes = 0, kv_bytes_per_worker = 0;
};
[[nodiscard]] Knobs knobs_of(const Config& config, const KnobDefaults& defaults);

}  // namespace genepool

// The targets of the breakers: R1 each transition of their table, R2 a genome that becomes slow. Thread: any; uses all cores.
#pragma once

#include <vector>

#include "sim/targets.h"

namespace genepool {

[[nodiscard]] std::vector<TargetRow> breaker_targets(const TargetProgress& progress);

}  // namespace genepool

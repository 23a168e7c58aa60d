// The targets of eviction, P1 to P8. Thread: any; uses all cores.
#pragma once

#include <vector>

#include "sim/miss_grid.h"
#include "sim/targets.h"

namespace genepool {

// Requires: the grid has the tournament and its seven experts.
[[nodiscard]] std::vector<TargetRow> policy_targets(const MissGrid& grid, const TargetProgress& progress);

}  // namespace genepool

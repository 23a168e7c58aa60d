// The targets of prediction, F1 to F5: what guesses and hints spare. Thread: any; uses all cores.
#pragma once

#include <vector>

#include "sim/miss_grid.h"
#include "sim/targets.h"

namespace genepool {

// Requires: the grid has LRU and the tournament.
[[nodiscard]] std::vector<TargetRow> prediction_targets(const MissGrid& grid, const TargetProgress& progress);

}  // namespace genepool

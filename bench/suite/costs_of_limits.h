// What the suite limits measured, as the stage costs that a simulation draws from (sim/stage_costs.h). Thread: any, pure.
#pragma once

#include "base/error.h"
#include "sim/stage_costs.h"
#include "suite/suite.h"

namespace genepool::bench {

// kConflict: a row that is needed was not measured.
[[nodiscard]] Result<StageCosts> costs_of_limits(const SuiteResult& result, const Workload& workload);

}  // namespace genepool::bench

// The targets of sizing, S1 to S3 (their cgroup part is for a real server). Thread: any.
#pragma once

#include <vector>

#include "sim/targets.h"

namespace genepool {

[[nodiscard]] std::vector<TargetRow> sizing_targets(const TargetProgress& progress);

}  // namespace genepool

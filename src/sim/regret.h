// Regret: what a simulation could have done had it known the future. Thread: any, pure.
#pragma once

#include "sim/simulation.h"

namespace genepool {

struct Regret {
  std::uint64_t min_misses = 0;  // Belady's MIN with max_hot places of equal size
  double bound_s = 0;            // load seconds that no rule can do without, sizes counted (trace/offline_bound.h)
};
// What the trace does not tell of a genome is what the simulation took for it: its default bytes, its mean load.
[[nodiscard]] Regret regret_of(const Trace& trace, const SimulationOptions& options, const SimulationResult& result);

}  // namespace genepool

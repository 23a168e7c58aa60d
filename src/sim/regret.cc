#include "sim/regret.h"

#include <algorithm>

#include "trace/belady.h"
#include "trace/offline_bound.h"

namespace genepool {

Regret regret_of(const Trace& trace, const SimulationOptions& options, const SimulationResult& result) {
  const std::vector<std::uint32_t> uses = genome_uses(trace);
  std::vector<TraceGenome> genomes = trace.genomes;
  const double mean_load = result.loads > 0 ? result.load_seconds / static_cast<double>(result.loads) : 0;
  std::uint64_t largest = 0;
  for (TraceGenome& genome : genomes) {
    if (genome.bytes == 0) genome.bytes = options.default_bytes;
    if (genome.load_cost_s == 0) genome.load_cost_s = mean_load;
    largest = std::max(largest, genome.bytes);
  }
  const std::uint64_t by_places = options.knobs.max_hot * largest;  // a place may hold the largest one
  return {.min_misses = min_misses(uses, options.knobs.max_hot),
          .bound_s = offline_bound_s(uses, genomes, std::min(options.knobs.hot_bytes, by_places))};
}

}  // namespace genepool

#include "trace/offline_bound.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <utility>
#include <vector>

namespace genepool {
namespace {

struct Interval {  // from a use of the genome to its next one
  double worth = 0;  // seconds saved per byte and use in between
  std::uint32_t genome = 0, length = 0;
};

double taken_by(const Interval& interval, const TraceGenome& genome) {
  return static_cast<double>(genome.bytes) * static_cast<double>(interval.length);
}

// Those that may be kept at all, the worthiest first.
std::vector<Interval> intervals_of(std::span<const std::uint32_t> uses, std::span<const TraceGenome> genomes,
                                   std::uint64_t budget_bytes) {
  constexpr std::uint32_t kNever = UINT32_MAX;
  std::vector<std::uint32_t> last_use(genomes.size(), kNever);
  std::vector<Interval> intervals;
  for (std::uint32_t i = 0; i < uses.size(); ++i) {
    const std::uint32_t last = std::exchange(last_use[uses[i]], i);
    const TraceGenome& genome = genomes[uses[i]];
    if (last == kNever || genome.bytes > budget_bytes) continue;
    Interval interval{.genome = uses[i], .length = i - last};
    const double taken = taken_by(interval, genome);
    interval.worth = taken > 0 ? genome.load_cost_s / taken : std::numeric_limits<double>::infinity();
    intervals.push_back(interval);
  }
  // Equals stand in the order of their uses, so that the sum is the same everywhere.
  std::ranges::stable_sort(intervals, std::greater<>(), &Interval::worth);
  return intervals;
}

}  // namespace

double offline_bound_s(std::span<const std::uint32_t> uses, std::span<const TraceGenome> genomes, std::uint64_t budget_bytes) {
  double cost_s = 0;
  for (const std::uint32_t genome : uses) cost_s += genomes[genome].load_cost_s;
  double left = uses.empty() ? 0 : static_cast<double>(budget_bytes) * static_cast<double>(uses.size() - 1);
  for (const Interval& interval : intervals_of(uses, genomes, budget_bytes)) {
    const TraceGenome& genome = genomes[interval.genome];
    const double taken = taken_by(interval, genome);
    const double share = taken <= left ? 1 : left / taken;
    cost_s -= share * genome.load_cost_s;
    left -= share * taken;
  }
  return cost_s;
}

}  // namespace genepool

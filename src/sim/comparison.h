// Comparison: several ways of deciding on the same trace, side by side, against the first of them. The interval is a block
// bootstrap over blocks of 100 requests, because misses come in bursts: 1,000 draws, seeded. Thread: uses all cores.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sim/simulation.h"

namespace genepool {

struct Contender {
  std::string name;  // "tournament+prefetch"
  PolicyKind policy = PolicyKind::kLru;
  ManagerSettings manager{.mode = ManagerMode::kOff};
};
// "lru", "tournament+prefetch", "tournament+law", "lru+founding" (its sizes and its prewarm). kUsage.
[[nodiscard]] Result<Contender> parse_contender(std::string_view text);

struct Contest {
  Contender contender;
  SimulationResult result;
  // Misses / those of the first contender, and the 95 % interval of that; below 1,000 requests it has none.
  double ratio = 1, least = 1, most = 1;
  bool has_interval = false;
};
[[nodiscard]] std::vector<Contest> compare(const Trace& trace, const SimulationOptions& options, const std::vector<Contender>& contenders);

}  // namespace genepool

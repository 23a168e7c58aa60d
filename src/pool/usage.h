// Usage: what is remembered of one genome's use, also while it is COLD: policies score it. One update per request, before any
// victim is chosen. Units: seconds and bytes. Thread: the pool's strand.
#pragma once

#include <cmath>
#include <cstdint>

#include "base/clock.h"
#include "genome/genome.h"
#include "pool/recycling.h"

namespace genepool {

// What it takes to have a genome in a tier.
struct Cost {
  double seconds = 0;       // to bring it in: measured, lately
  std::uint64_t bytes = 0;  // that it holds there
  bool is_measured = false; // else seconds is what others usually cost
};

struct Usage {
  Identity identity;
  std::uint32_t index = 0;     // dense: policies keep what is theirs in vectors; given to another genome once this one is forgotten
  std::uint64_t last_use = 0;  // sequence number of its last request, 0 = never
  Instant last_time{};
  std::uint64_t requests = 0;
  double count_10m = 0, count_1d = 0;  // decayed counts of requests, as of last_time; half-lives below
  Cost hot, warm;
  Recycling recycling;  // of its workers
};

inline constexpr Duration kTenMinutes = std::chrono::minutes(10), kOneDay = std::chrono::hours(24);

// What is left of a decaying sum after `elapsed`.
[[nodiscard]] inline double decay(Duration elapsed, Duration half_life) {
  return std::exp2(-static_cast<double>(elapsed.count()) / static_cast<double>(half_life.count()));
}

}  // namespace genepool

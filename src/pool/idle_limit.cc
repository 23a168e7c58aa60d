#include "pool/idle_limit.h"

#include <algorithm>

namespace genepool {

Duration idle_limit(double load_seconds, std::uint64_t bytes, const Prices& prices) {
  const double rent = cost_per_second(bytes, prices);
  // Compared before it is divided: what is kept for nothing would be kept for ever.
  const double most_seconds = std::chrono::duration<double>(kMostIdleLimit).count();
  if (load_seconds >= most_seconds * rent) return kMostIdleLimit;
  return std::max(kLeastIdleLimit, std::chrono::duration_cast<Duration>(std::chrono::duration<double>(load_seconds / rent)));
}

}  // namespace genepool

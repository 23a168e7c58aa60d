// How long an idle genome is kept: as long as keeping it has not cost more than bringing it in again would. It then never costs
// more than twice what one who knew the future would pay (ski rental, Karlin et al. 1988). Pure. Thread: any.
#pragma once

#include <cstdint>

#include "base/clock.h"
#include "pool/prices.h"

namespace genepool {

inline constexpr Duration kLeastIdleLimit = std::chrono::minutes(1), kMostIdleLimit = std::chrono::hours(2);

// T = load cost x price of a load second / (bytes x price of a GB-second), within the limits above.
[[nodiscard]] Duration idle_limit(double load_seconds, std::uint64_t bytes, const Prices& prices);

}  // namespace genepool

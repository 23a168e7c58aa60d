// Distributions on base/random.h. Own and not std::'s, which differ between libraries: a seed gives the same trace everywhere.
// Each draws from `random` in a fixed order. Thread: that of `random`.
#pragma once

#include <cstdint>

#include "base/random.h"

namespace genepool {

[[nodiscard]] double exponential(Random& random);  // mean 1
[[nodiscard]] double normal(Random& random);       // mean 0, variance 1 (Box, Muller 1958)
[[nodiscard]] double lognormal(Random& random, double mu, double sigma);

// Mean `shape`, scale 1 (Marsaglia, Tsang 2000; a shape below 1 is boosted by u^(1/shape)). Requires: shape > 0.
[[nodiscard]] double gamma(Random& random, double shape);

// Scale 1, mean Gamma(1 + 1/shape). Requires: shape > 0.
[[nodiscard]] double weibull(Random& random, double shape);

// 1, 2, 3, ... with this mean. Requires: mean >= 1.
[[nodiscard]] std::uint64_t geometric(Random& random, double mean);

}  // namespace genepool

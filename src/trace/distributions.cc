#include "trace/distributions.h"

#include <cmath>
#include <numbers>

namespace genepool {

double exponential(Random& random) { return -std::log(1 - random.uniform()); }

double normal(Random& random) {
  const double radius = std::sqrt(2 * exponential(random));
  return radius * std::cos(2 * std::numbers::pi * random.uniform());
}

double lognormal(Random& random, double mu, double sigma) { return std::exp(mu + sigma * normal(random)); }

double gamma(Random& random, double shape) {
  if (shape < 1) {
    const double boosted = gamma(random, shape + 1);
    return boosted * std::pow(random.uniform(), 1 / shape);
  }
  const double d = shape - 1.0 / 3;
  const double c = 1 / std::sqrt(9 * d);
  while (true) {
    const double x = normal(random);
    const double root = 1 + c * x;
    if (root <= 0) continue;
    const double v = root * root * root;
    // 1 - u and not u: the logarithm of 0 must not be taken.
    if (std::log(1 - random.uniform()) < x * x / 2 + d * (1 - v + std::log(v))) return d * v;
  }
}

double weibull(Random& random, double shape) { return std::pow(exponential(random), 1 / shape); }

std::uint64_t geometric(Random& random, double mean) {
  // Mean 1 divides by minus infinity, which is the 0 that it should be.
  return 1 + static_cast<std::uint64_t>(std::log(1 - random.uniform()) / std::log(1 - 1 / mean));
}

}  // namespace genepool

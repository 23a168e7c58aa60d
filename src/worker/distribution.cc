#include "worker/distribution.h"

#include <algorithm>
#include <cmath>

namespace genepool {

double divergence(const Distribution& reference, const Distribution& other) {
  double sum = 0;
  for (std::size_t i = 0; i < reference.size(); ++i) {
    sum += std::exp(static_cast<double>(reference[i])) * (static_cast<double>(reference[i]) - static_cast<double>(other[i]));
  }
  return std::max(0.0, sum);
}

bool is_same_choice(const Distribution& a, const Distribution& b) {
  return std::ranges::max_element(a) - a.begin() == std::ranges::max_element(b) - b.begin();
}

}  // namespace genepool

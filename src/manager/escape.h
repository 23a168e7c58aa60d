// Escape: the chance e that the next request is for a genome never seen before, the same for all voices: the decayed share of
// first uses among the requests, half-life 500 requests, within [1e-4, .999]; 1 before the first request. Thread: one at a time.
#pragma once

#include <algorithm>
#include <cmath>

namespace genepool {

class Escape {
 public:
  [[nodiscard]] double chance() const { return has_begun_ ? std::clamp(first_uses_ / requests_, kLeast, kMost) : 1; }

  void observe(bool is_first_use) {
    static const double kKept = std::exp2(-1.0 / kHalfLifeRequests);
    has_begun_ = true;
    first_uses_ = first_uses_ * kKept + (is_first_use ? 1 : 0);
    requests_ = requests_ * kKept + 1;
  }

 private:
  static constexpr double kHalfLifeRequests = 500, kLeast = 1e-4, kMost = 0.999;
  bool has_begun_ = false;
  double first_uses_ = 0.5, requests_ = 1;
};

}  // namespace genepool

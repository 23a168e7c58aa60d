// TokenBucket: so many at once, and so many a second in the long run. Time is handed in. Thread: one at a time.
#pragma once

#include <algorithm>

#include "base/clock.h"

namespace genepool {

class TokenBucket {
 public:
  // Full at first.
  TokenBucket(double per_s, double burst) : per_s_(per_s), burst_(burst), tokens_(burst) {}

  // Takes a token if there is one.
  [[nodiscard]] bool take(Instant now) {
    tokens_ = std::min(burst_, tokens_ + per_s_ * seconds(std::max(now - filled_, Duration::zero())));
    filled_ = std::max(filled_, now);
    if (tokens_ < 1) return false;
    tokens_ -= 1;
    return true;
  }

  // After a take() that failed: until the next one will not.
  [[nodiscard]] Duration wait() const { return from_ms(1e3 * (1 - tokens_) / per_s_) + Duration(1); }

 private:
  static double seconds(Duration time) { return std::chrono::duration<double>(time).count(); }

  double per_s_, burst_, tokens_;
  Instant filled_{};
};

}  // namespace genepool

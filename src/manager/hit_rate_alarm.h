// HitRateAlarm: the alarm of `cache.hit_rate_min`, on the warmable hit rate: (1 - misses) / (1 - first uses), both as shares of
// the requests. No cache has a genome before its first use, so a rate over all requests would blame the size for new users.
// Decayed counts with a half-life of 500 requests. The alarm rises when the rate is below `minimum`, with at least 20 warmable
// requests counted, and falls when it is 0.02 above it. Pure. Thread: one at a time.
#pragma once

#include <optional>

namespace genepool {

class HitRateAlarm {
 public:
  explicit HitRateAlarm(double minimum) : minimum_(minimum) {}
  void configure(double minimum) { minimum_ = minimum; }

  // Returns the alarm's state when it has just changed. A first use is none of the cache's: whether it hit is not looked at.
  [[nodiscard]] std::optional<bool> on_request(bool is_hit, bool is_first_use);

  [[nodiscard]] bool is_low() const { return is_low_; }
  [[nodiscard]] std::optional<double> rate() const;  // nothing before there are 20 warmable requests

 private:
  double minimum_;
  double warmable_ = 0, hits_ = 0;  // decayed
  bool is_low_ = false;
};

}  // namespace genepool

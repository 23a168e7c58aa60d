// RestartBudget: how often something that dies may be started again: 3 times in 60 s, then it is given up, until it has lived
// for 10 minutes (defaults of the paging note, section 5). For a genome's workers and for the zygote.
// Pure; time is handed in. Memory: at most `restarts` instants. Thread: one at a time.
// Use:   if (!budget.spend(now)) give_up();      // it died
//        budget.resume(now);                     // what was given up is let in again: from here its health counts
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/clock.h"

namespace genepool {

struct RestartLimits {
  std::size_t restarts = 3;
  Duration window = std::chrono::seconds(60);
  Duration healthy = std::chrono::minutes(10);
};

class RestartBudget {
 public:
  explicit RestartBudget(const RestartLimits& limits = {}) : limits_(limits) {}

  // It died. True: it may be started again. False: not before someone resumes it; until it has been healthy each further death
  // is refused too.
  [[nodiscard]] bool spend(Instant now) {
    if (is_healthy(now)) reset();
    healthy_since_ = now;
    std::erase_if(restarts_, [&](Instant at) { return now - at > limits_.window; });
    if (refusals_ > 0 || restarts_.size() >= limits_.restarts) {
      ++refusals_;
      last_refusal_ = now;
      return false;
    }
    restarts_.push_back(now);
    return true;
  }

  void resume(Instant now) { healthy_since_ = std::max(healthy_since_, now); }

  // The deaths from `since` on were not its fault.
  void take_back(Instant since) {
    std::erase_if(restarts_, [&](Instant at) { return at >= since; });
    if (refusals_ > 0 && last_refusal_ >= since) --refusals_;
  }

  void reset() {
    restarts_.clear();
    refusals_ = 0;
  }

  // How often it has been given up since it was last healthy.
  [[nodiscard]] std::uint32_t refusals() const { return refusals_; }
  [[nodiscard]] bool is_unused() const { return restarts_.empty() && refusals_ == 0; }
  [[nodiscard]] bool is_healthy(Instant now) const { return is_unused() || now >= healthy_at(); }
  [[nodiscard]] Instant healthy_at() const { return healthy_since_ + limits_.healthy; }

 private:
  RestartLimits limits_;
  std::vector<Instant> restarts_;  // of the window
  Instant healthy_since_{}, last_refusal_{};
  std::uint32_t refusals_ = 0;
};

}  // namespace genepool

// WaitForecast: how long those who wait now will have waited when all of them are served, from the pace at which requests have
// ended lately while others waited (Little's law: the number that waits = pace x time). Nothing is forecast before enough of
// them have ended. Pure; time is handed in. Thread: one at a time.
#pragma once

#include <cstddef>
#include <optional>

#include "base/clock.h"

namespace genepool {

class WaitForecast {
 public:
  // A request has ended; `waiting`: how many wait now.
  void on_end(std::size_t waiting, Instant now) {
    if (last_end_ && waiting > 0) {
      interval_ = ends_ == 0 ? now - *last_end_ : interval_ + Duration((now - *last_end_ - interval_).count() / kMemory);
      ++ends_;
    }
    last_end_.reset();
    if (waiting > 0) last_end_ = now;  // a pause without anyone waiting says nothing of the pace
  }

  // Zero when it is not known.
  [[nodiscard]] Duration of(std::size_t waiting) const {
    return ends_ < kFewest ? Duration{} : interval_ * static_cast<Duration::rep>(waiting);
  }

 private:
  static constexpr Duration::rep kMemory = 16;  // ends: the weight of each new one is 1 / kMemory
  static constexpr std::size_t kFewest = 16;

  std::optional<Instant> last_end_;
  Duration interval_{};
  std::size_t ends_ = 0;
};

}  // namespace genepool

// Recycling: may a genome's worker that has grown too much be replaced now? One that grows again at once must not cost its
// genome a start every few seconds: the first may go at once, the next after 10 s, then 20 s, up to 5 min between two; ten quiet
// minutes after that and it is as new (the waits of crash loops, paging note, section 5).
// Pure; time is handed in. Thread: one at a time.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/clock.h"

namespace genepool {

class Recycling {
 public:
  static constexpr Duration kFirstWait = std::chrono::seconds(10), kLongestWait = std::chrono::minutes(5);
  static constexpr Duration kHealthy = std::chrono::minutes(10);

  // True: yes, and it counts as done.
  [[nodiscard]] bool spend(Instant now) {
    if (now < next_) return false;
    if (now - next_ >= kHealthy) wait_ = kFirstWait;
    next_ = now + wait_;
    wait_ = std::min(2 * wait_, kLongestWait);
    return true;
  }

 private:
  Instant next_{};  // not before
  Duration wait_ = kFirstWait;
};

}  // namespace genepool

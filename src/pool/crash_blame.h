// CrashBlame: whose fault is a worker's death? Workers of two different genomes that die within 10 s point to the host or the
// base, which they share, and not to the genomes.
// Pure; time is handed in. Memory: at most kMost deaths. Thread: one at a time.
#pragma once

#include <deque>
#include <set>

#include "base/clock.h"
#include "genome/genome.h"

namespace genepool {

class CrashBlame {
 public:
  static constexpr Duration kTogether = std::chrono::seconds(10);
  static constexpr std::size_t kMost = 256;  // beyond it the oldest is forgotten

  // A worker of `genome` died. Returns the other genomes that died within kTogether before it: when there are any, it is the
  // host's or the base's fault, and so were their deaths since now - kTogether.
  [[nodiscard]] std::set<Identity> on_crash(const Identity& genome, Instant now) {
    while (!deaths_.empty() && now - deaths_.front().at > kTogether) deaths_.pop_front();
    std::set<Identity> others;
    for (const Death& death : deaths_) {
      if (death.genome != genome) others.insert(death.genome);
    }
    deaths_.push_back({now, genome});
    if (deaths_.size() > kMost) deaths_.pop_front();
    return others;
  }

 private:
  struct Death {
    Instant at;
    Identity genome;
  };
  std::deque<Death> deaths_;  // of the last kTogether, the oldest first
};

}  // namespace genepool

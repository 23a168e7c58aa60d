// PeerMedian: what is usual for a class of requests (the time to first token from one start tier, the time per token of the
// base, the load time from one tier): the median of the last 64 samples.
// A genome is compared with its peers, lest it hide behind itself: its own samples are left out while others have kFewest. Nor
// can one genome set the measure for all: it holds at most kMostOfOne of the 64, its oldest go first.
// A genome that has the class for itself is compared with its own past.
// Pure. Memory: 64 samples. Thread: one at a time.
#pragma once

#include <deque>
#include <optional>

#include "base/clock.h"
#include "genome/genome.h"

namespace genepool {

class PeerMedian {
 public:
  static constexpr std::size_t kMost = 64;
  static constexpr std::size_t kMostOfOne = 16;
  static constexpr std::size_t kFewest = 5;  // as many outcomes as a breaker needs

  void add(const Identity& genome, Duration sample);

  // The lower median of the others' samples, else of all; nullopt while there are fewer than kFewest.
  [[nodiscard]] std::optional<Duration> of(const Identity& genome) const;

 private:
  struct Sample {
    Identity genome;
    Duration took;
  };
  std::deque<Sample> samples_;  // the oldest first
};

}  // namespace genepool

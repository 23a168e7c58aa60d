// Samples: the last N durations of one kind, for `stats`. Owner: Metrics. Thread: any (a mutex inside).
// Not here: which times there are (metrics.h).
#pragma once

#include <cstdint>
#include <mutex>
#include <vector>

#include "metrics/metrics.h"

namespace genepool {

class Samples {
 public:
  // Requires: capacity > 0. All memory is taken now, so that add() never allocates.
  explicit Samples(std::size_t capacity);

  void add(double ms);
  [[nodiscard]] TimingSummary summary() const;

 private:
  [[nodiscard]] std::vector<double> oldest_first() const;

  mutable std::mutex mutex_;
  const std::size_t capacity_;
  std::vector<double> ring_;
  std::uint64_t count_ = 0;  // ever; count_ % capacity_ is the next place
};

}  // namespace genepool

#include "metrics/samples.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.h"

namespace genepool {

Samples::Samples(std::size_t capacity) : capacity_(capacity) {
  GENEPOOL_CHECK(capacity > 0);
  ring_.reserve(capacity);
}

void Samples::add(double ms) {
  const std::scoped_lock lock(mutex_);
  if (ring_.size() < capacity_) {
    ring_.push_back(ms);
  } else {
    ring_[count_ % capacity_] = ms;
  }
  ++count_;
}

std::vector<double> Samples::oldest_first() const {
  std::vector<double> out = ring_;
  if (out.size() == capacity_) {
    std::rotate(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(count_ % capacity_), out.end());
  }
  return out;
}

TimingSummary Samples::summary() const {
  TimingSummary out;
  {
    // Copy under the lock, sort outside: a reader of 64k samples must not hold up a request.
    const std::scoped_lock lock(mutex_);
    out.count = count_;
    out.recent_ms = oldest_first();
  }
  if (out.recent_ms.empty()) return out;
  out.p50_ms = percentile(out.recent_ms, 0.50);
  out.p99_ms = percentile(out.recent_ms, 0.99);
  out.mean_ms = std::accumulate(out.recent_ms.begin(), out.recent_ms.end(), 0.0) / static_cast<double>(out.recent_ms.size());
  out.max_ms = *std::max_element(out.recent_ms.begin(), out.recent_ms.end());
  return out;
}

double percentile(std::vector<double> samples, double share) {
  if (samples.empty()) return 0;
  const double rank = std::ceil(share * static_cast<double>(samples.size()));
  const double at = std::clamp(rank - 1, 0.0, static_cast<double>(samples.size() - 1));
  const auto nth = samples.begin() + static_cast<std::ptrdiff_t>(at);
  std::nth_element(samples.begin(), nth, samples.end());
  return *nth;
}

}  // namespace genepool

// DecayedCounts: how often each index came lately. On each coming C <- C * 2^(-dt/h) + 1 (h: the half-life), and the same sum
// over all. Nothing is touched between comings: counts are kept in a unit that grows with 2^(t/h), so that only a new coming is
// weighed; every 512 half-lives the unit is set back. Memory: one double per index. Thread: one at a time.
#pragma once

#include <cstdint>
#include <vector>

#include "base/clock.h"

namespace genepool {

class DecayedCounts {
 public:
  explicit DecayedCounts(Duration half_life) : half_life_(half_life) {}

  void add(std::uint32_t index, Instant now);
  void forget(std::uint32_t index);

  [[nodiscard]] double count(std::uint32_t index, Instant now) const { return grown(index) / unit(now); }
  [[nodiscard]] double sum(Instant now) const { return sum_ / unit(now); }
  // (count + share_of_floor * floor) / (sum + floor)
  [[nodiscard]] double smoothed(std::uint32_t index, double floor, double share_of_floor, Instant now) const;
  // In a unit of its own, to compare indexes with each other: whatever the time, their order is that of their counts.
  [[nodiscard]] double grown(std::uint32_t index) const { return index < grown_.size() ? grown_[index] : 0; }
  [[nodiscard]] Duration half_life() const { return half_life_; }

 private:
  [[nodiscard]] double half_lives(Instant now) const;  // since the unit was 1
  [[nodiscard]] double unit(Instant now) const;
  void set_unit_back(Instant now);

  Duration half_life_;
  Instant origin_{};
  std::vector<double> grown_;
  double sum_ = 0;
};

}  // namespace genepool

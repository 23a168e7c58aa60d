#include "manager/decayed_counts.h"

#include <algorithm>
#include <cmath>

namespace genepool {
namespace {

constexpr double kMostHalfLives = 512;  // a double holds 1,023

}  // namespace

double DecayedCounts::half_lives(Instant now) const {
  return static_cast<double>((now - origin_).count()) / static_cast<double>(half_life_.count());
}

double DecayedCounts::unit(Instant now) const { return std::exp2(std::min(half_lives(now), 2 * kMostHalfLives - 1)); }

void DecayedCounts::set_unit_back(Instant now) {
  const double shrink = std::exp2(-half_lives(now));  // 0 after a very long pause, and rightly so
  for (double& count : grown_) count *= shrink;
  sum_ *= shrink;
  origin_ = now;
}

void DecayedCounts::add(std::uint32_t index, Instant now) {
  if (half_lives(now) > kMostHalfLives) set_unit_back(now);
  if (index >= grown_.size()) grown_.resize(index + 1);
  const double one = unit(now);
  grown_[index] += one;
  sum_ += one;
}

void DecayedCounts::forget(std::uint32_t index) {
  if (index >= grown_.size()) return;
  sum_ = std::max(0.0, sum_ - grown_[index]);
  grown_[index] = 0;
}

double DecayedCounts::smoothed(std::uint32_t index, double floor, double share_of_floor, Instant now) const {
  const double grown_floor = floor * unit(now);
  return (grown(index) + share_of_floor * grown_floor) / (sum_ + grown_floor);
}

}  // namespace genepool

#include "pool/peer_median.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace genepool {

void PeerMedian::add(const Identity& genome, Duration sample) {
  const auto is_own = [&](const Sample& s) { return s.genome == genome; };
  if (static_cast<std::size_t>(std::ranges::count_if(samples_, is_own)) == kMostOfOne) {
    samples_.erase(std::ranges::find_if(samples_, is_own));
  } else if (samples_.size() == kMost) {
    samples_.pop_front();
  }
  samples_.push_back({genome, sample});
}

std::optional<Duration> PeerMedian::of(const Identity& genome) const {
  std::array<Duration, kMost> times;
  std::size_t count = 0;
  for (const Sample& s : samples_) {
    if (s.genome != genome) times.at(count++) = s.took;
  }
  if (count < kFewest) {
    count = 0;
    for (const Sample& s : samples_) times.at(count++) = s.took;
  }
  if (count < kFewest) return std::nullopt;
  const auto middle = times.begin() + static_cast<std::ptrdiff_t>((count - 1) / 2);
  std::nth_element(times.begin(), middle, times.begin() + static_cast<std::ptrdiff_t>(count));
  return *middle;
}

}  // namespace genepool

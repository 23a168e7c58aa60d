#include "trace/stack_distance.h"

#include <algorithm>

namespace genepool {

std::optional<std::uint32_t> StackDistance::use(std::uint32_t genome) {
  auto found = std::ranges::find(places_, genome);
  const bool is_known = found != places_.end();
  const auto distance = static_cast<std::uint32_t>(found - places_.begin()) + 1;
  if (!is_known && places_.size() < largest_) {
    places_.push_back(genome);
    found = places_.end() - 1;
  }
  if (!places_.empty()) {
    if (found == places_.end()) --found;  // the furthest is forgotten
    std::move_backward(places_.begin(), found, found + 1);
    places_.front() = genome;
  }
  return is_known ? std::optional(distance) : std::nullopt;
}

std::vector<std::uint64_t> lru_misses(std::span<const std::uint32_t> uses, std::uint32_t largest) {
  StackDistance stack(largest);
  std::vector<std::uint64_t> hits(largest + 1);  // [d] = uses at that distance
  for (const std::uint32_t genome : uses) {
    if (const auto distance = stack.use(genome)) ++hits[*distance];
  }
  std::vector<std::uint64_t> misses(largest + 1, uses.size());
  for (std::uint32_t k = 1; k <= largest; ++k) misses[k] = misses[k - 1] - hits[k];
  return misses;
}

}  // namespace genepool

#include "trace/belady.h"

#include <algorithm>
#include <functional>
#include <vector>

namespace genepool {
namespace {

// Of each use, where its genome is used next. A genome never used again gets a place of its own behind the end.
std::vector<std::uint32_t> next_uses(std::span<const std::uint32_t> uses) {
  const auto end = static_cast<std::uint32_t>(uses.size());
  const std::uint32_t genomes = uses.empty() ? 0 : std::ranges::max(uses) + 1;
  std::vector<std::uint32_t> next_of_genome(genomes);
  for (std::uint32_t genome = 0; genome < genomes; ++genome) next_of_genome[genome] = end + genome;
  std::vector<std::uint32_t> next(uses.size());
  for (std::uint32_t i = end; i-- > 0;) {
    next[i] = next_of_genome[uses[i]];
    next_of_genome[uses[i]] = i;
  }
  return next;
}

}  // namespace

std::uint64_t min_misses(std::span<const std::uint32_t> uses, std::uint32_t places) {
  if (places == 0) return uses.size();
  const std::vector<std::uint32_t> next = next_uses(uses);
  // When the residents are used next, the latest first. None is in the past, so the genome used now is there if any is: last.
  std::vector<std::uint32_t> residents;
  std::uint64_t misses = 0;
  for (std::uint32_t i = 0; i < uses.size(); ++i) {
    if (!residents.empty() && residents.back() == i) {
      residents.pop_back();
    } else {
      ++misses;
      if (residents.size() == places) residents.erase(residents.begin());
    }
    residents.insert(std::ranges::lower_bound(residents, next[i], std::greater<>()), next[i]);
  }
  return misses;
}

}  // namespace genepool

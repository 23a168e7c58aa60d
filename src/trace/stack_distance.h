// StackDistance: how many distinct genomes were used since a genome's last use, itself counted: LRU with k places hits exactly
// when that is at most k, so one pass gives the misses of every k (Mattson, Gecsei, Slutz, Traiger 1970).
// Pure. Time: a scan of at most `largest` places a use. Memory: `largest` places. Thread: one at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace genepool {

class StackDistance {
 public:
  explicit StackDistance(std::uint32_t largest) : largest_(largest) { places_.reserve(largest); }

  // 1 = it was the last one used; nothing when it is new or further away than `largest`. Then it is the last one used.
  [[nodiscard]] std::optional<std::uint32_t> use(std::uint32_t genome);

 private:
  std::uint32_t largest_;
  std::vector<std::uint32_t> places_;  // the last used first
};

// [k] = the misses of LRU with k places, k = 0 to `largest`, from empty.
[[nodiscard]] std::vector<std::uint64_t> lru_misses(std::span<const std::uint32_t> uses, std::uint32_t largest);

}  // namespace genepool

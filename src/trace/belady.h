// Belady's MIN: the fewest misses that k places of equal size allow when every use must have its place (forced insertion) and
// the future is known: who is used again the latest leaves (Belady 1966). A rule that may pass a genome by can beat it on loops.
// Pure. Time: O(k) a miss at worst. Memory: 4 bytes a use. Thread: any.
// Requires: genomes and uses together below 2^32.
#pragma once

#include <cstdint>
#include <span>

namespace genepool {

[[nodiscard]] std::uint64_t min_misses(std::span<const std::uint32_t> uses, std::uint32_t places);

}  // namespace genepool

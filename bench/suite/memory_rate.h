// How fast this machine reads memory that no cache holds: what bounds decoding, which reads the base's weights and the page
// for every token. Thread: any; blocks for a third of a second and takes 256 MiB meanwhile.
#pragma once

#include <string>

namespace genepool::bench {

struct MemoryRate {
  double one_core = 0, all_cores = 0;  // bytes/s; medians
};

[[nodiscard]] MemoryRate measure_memory_rate();
[[nodiscard]] std::string text_of(const MemoryRate& rate);  // "one core reads memory at 33 GB/s, all at 37"

}  // namespace genepool::bench

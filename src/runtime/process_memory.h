// What a process holds in RAM, from /proc/PID/smaps_rollup. Thread: any; blocks for a millisecond or two per 200 MB.
#pragma once

#include <cstdint>

namespace genepool {

struct ProcessMemory {
  std::uint64_t pss_bytes = 0;      // shared pages divided by their sharers: sums count the base once
  std::uint64_t private_bytes = 0;  // nobody else has them: what its end gives back
};

// Zeros when the process is gone.
[[nodiscard]] ProcessMemory memory_of_process(int pid);

}  // namespace genepool

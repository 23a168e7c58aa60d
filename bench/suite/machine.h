// The machine a benchmark ran on, for the head of its report. Reads /proc, measures memory. Thread: any.
#pragma once

#include <cstdint>
#include <string>

#include "base/error.h"
#include "suite/memory_rate.h"

namespace genepool::bench {

struct Machine {
  std::string cpu, kernel, load_average;
  unsigned cores = 0;
  std::uint64_t memory_bytes = 0, available_bytes = 0;  // all, and what is free or can be freed
  double busy_cores = 0;   // with other programs, over half a second when the benchmark began
  std::string started;     // local time
  std::string huge_pages;  // huge_pages_mode()
  MemoryRate memory_rate;
  [[nodiscard]] bool is_busy() const { return busy_cores > 0.25 * cores; }
};

[[nodiscard]] Machine this_machine();

// kUnavailable: a base of `base_bytes` with its genomes does not fit into what is free, and swapping would be measured.
[[nodiscard]] Result<void> check_room(const Machine& machine, std::uint64_t base_bytes);

// One line.
[[nodiscard]] std::string text_of(const Machine& machine);

}  // namespace genepool::bench

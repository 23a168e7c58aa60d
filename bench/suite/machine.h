// The machine a benchmark ran on, for the head of its report. Reads /proc. Thread: any.
#pragma once

#include <cstdint>
#include <string>

namespace genepool::bench {

struct Machine {
  std::string cpu, kernel, load_average;
  unsigned cores = 0;
  std::uint64_t memory_bytes = 0;
  double load = 0;      // of the last minute, when the benchmark began
  std::string started;     // local time
  std::string huge_pages;  // huge_pages_mode()
  [[nodiscard]] bool is_busy() const { return load > 0.5 * cores; }
};

[[nodiscard]] Machine this_machine();

// One line.
[[nodiscard]] std::string text_of(const Machine& machine);

}  // namespace genepool::bench

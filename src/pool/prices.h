// Prices: what the operator pays for a second that a request waits for its genome, and for a gigabyte (10^9 bytes) kept for a
// second. Only their ratio decides anything: by default a gigabyte for 20 minutes is worth one second of load.
// All gains and costs of the manager are counted in seconds of load. Thread: a value.
#pragma once

#include <cstdint>

namespace genepool {

struct Prices {
  double load_second = 1;
  double gb_second = 1.0 / 1200;
};

// Seconds of load for each second that so many bytes are kept. Requires: prices.load_second > 0.
[[nodiscard]] inline double cost_per_second(std::uint64_t bytes, const Prices& prices) {
  return static_cast<double>(bytes) / 1e9 * prices.gb_second / prices.load_second;
}

}  // namespace genepool

// Arrivals of an open loop: when each request comes and which genome it asks for, drawn beforehand, so that a slow server
// cannot slow its own load down (Schroeder, Wierman and Harchol-Balter, "Open versus closed", NSDI 2006).
// Thread: any, pure; the same seed gives the same arrivals.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/clock.h"

namespace genepool::bench {

enum class Pattern { kPoisson, kBursts };  // kBursts: kBurst at once, at the times of a Poisson process of the same mean rate
inline constexpr std::size_t kBurst = 8;

struct Arrival {
  Duration at{};           // since the beginning
  std::size_t genome = 0;  // of `genomes`
};

// Zipf popularity of exponent 1: genome i is asked for 1 / (i + 1) times as often as the first.
[[nodiscard]] std::vector<Arrival> arrivals(Pattern pattern, double per_second, Duration length, std::size_t genomes, std::uint64_t seed);

// Which genome each of `count` requests asks for, by the same popularity.
[[nodiscard]] std::vector<std::size_t> zipf_choices(std::size_t count, std::size_t genomes, std::uint64_t seed);

// Jain's index of fairness: 1 = all alike, 1 / n = one has it all; 1 for none.
[[nodiscard]] double jain_index(const std::vector<double>& values);

}  // namespace genepool::bench

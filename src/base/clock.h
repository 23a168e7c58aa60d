// Time in genepool: one unit, one monotonic clock per process tree (CLOCK_MONOTONIC is shared by all processes).
// Deciders never read it: they are handed an Instant.
#pragma once

#include <chrono>
#include <cstdint>

namespace genepool {

using Duration = std::chrono::nanoseconds;
using Instant = std::chrono::nanoseconds;  // since the clock's own start; only differences mean something

[[nodiscard]] inline Instant monotonic_now() {
  return std::chrono::duration_cast<Instant>(std::chrono::steady_clock::now().time_since_epoch());
}

// The wall clock: for people and files, never for a decision.
[[nodiscard]] inline std::int64_t unix_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

[[nodiscard]] constexpr double to_ms(Duration d) { return static_cast<double>(d.count()) / 1e6; }
[[nodiscard]] constexpr Duration from_ms(double ms) { return Duration(static_cast<Duration::rep>(ms * 1e6)); }

}  // namespace genepool

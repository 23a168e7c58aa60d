// Brakes: what shortness of memory forbids, above the sizing law and whatever it says (paging-policy note, 4.2; its last column):
//   PSI some: 150 ms of stall in 2 s              drop speculative and over-TTL genomes, no growth for 60 s
//   PSI full: 100 ms in 2 s, or memory.high       halve the spare ones, no growth for 5 min
//   free RAM < 1.2 x the largest worker seen      no growth
//   an out-of-memory kill                         to the last good size - 1, no growth for 10 min
// A size is good when it was held for a minute without such a kill. Speculation is off while growth is, and also while PSI some
// avg10 > 5 %. Where PSI or cgroup files are absent, free RAM alone is the brake, and the verdict says so.
// The counters of the kernel only mean something by their growth: the first reading is where it begins.
// Pure; readings and time are handed in. Thread: one at a time.
// Use:   BrakeVerdict verdict = brakes.update(read_memory_pressure(), {.size = max_hot, .largest_worker_bytes = pss}, now);
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/memory_pressure.h"

namespace genepool {

enum class Shed : std::uint8_t { kNothing, kSpeculative, kHalfOfSpare };  // kSpeculative: and those over their idle limit

struct BrakeVerdict {
  bool may_grow = true, may_speculate = true;
  Shed shed = Shed::kNothing;             // to be done now, told once
  std::optional<std::uint32_t> new_size;  // to be set now, told once
  std::optional<Instant> no_growth_until; // while growth is held for some time
  std::string reason;                     // of what is forbidden; empty = nothing is
  std::string blind_to;                   // which signals are absent and why; empty = none
};

class Brakes {
 public:
  struct Pool {
    std::uint32_t size = 0;                  // slots in force
    std::uint64_t largest_worker_bytes = 0;  // ever seen, 0 = none yet
  };

  // Call every 2 s, or as often as the caller can.
  [[nodiscard]] BrakeVerdict update(const MemoryPressure& pressure, const Pool& pool, Instant now);

 private:
  // Whether a stall time has grown by `limit` in a window of 2 s; in a longer one by as much on average.
  class StallMeter {
   public:
    // The stall in ms, when it has.
    [[nodiscard]] std::optional<double> exceeded(std::uint64_t total_us, double limit_ms, Instant now);

   private:
    std::optional<Instant> began_;
    std::uint64_t total_us_ = 0;
  };
  void watch_size(std::uint32_t size, Instant now);
  void watch_stalls(const MemoryStalls& stalls, BrakeVerdict& verdict, Instant now);
  void watch_events(const MemoryEvents& events, BrakeVerdict& verdict, Instant now);
  void step_back(BrakeVerdict& verdict, Instant now);
  void hold(Duration time, std::string reason, Instant now);

  StallMeter some_, full_;
  std::optional<MemoryEvents> events_;
  std::uint32_t size_ = 0;
  Instant size_since_{};
  std::optional<std::uint32_t> good_size_;
  std::optional<Instant> hold_until_;
  std::string hold_reason_;
};

}  // namespace genepool

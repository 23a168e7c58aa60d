// LruCurve: what each slot of a cache is worth. One LRU stack stands for caches of all sizes at once (Mattson et al. 1970): a
// request whose genome is the j-th most recently used one is a hit wherever there are j slots or more, so its load cost is what
// slot j saved. Each slot's savings are a decayed rate in seconds of load per second. The half-life is the time of the last 75
// requests, within 5 and 30 minutes: long enough to hold events, short enough to follow the load (paging-policy note, 4.1).
// Pure; time is handed in. Memory: 12 bytes a slot and 75 times. Thread: one at a time.
// Use:   LruCurve curve(LruCurve::kHotSlots);
//        curve.observe(genome, load_seconds, now);          // each request, hit or not
//        curve.gain(k + 1, now);                            // what one more slot would save
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "trace/stack_distance.h"

namespace genepool {

class LruCurve {
 public:
  static constexpr std::size_t kHotSlots = 64;

  // Requires: most_slots > 0.
  explicit LruCurve(std::size_t most_slots) : recent_(static_cast<std::uint32_t>(most_slots)), gains_(most_slots) {}

  // `genome`: any number that means this genome as long as it is among the last used ones.
  // Returns its place in the stack, 1 = the last used one; nothing when it is not among them.
  std::optional<std::size_t> observe(std::uint32_t genome, double load_seconds, Instant now);

  // Seconds of load that slot 1, 2, ... saves in a second; 0 beyond the last slot.
  [[nodiscard]] double gain(std::size_t slot, Instant now) const;
  // The sum of gain(slot) for first < slot <= last.
  [[nodiscard]] double gain_between(std::size_t first, std::size_t last, Instant now) const;

  [[nodiscard]] std::size_t slots() const { return gains_.size(); }
  [[nodiscard]] Duration half_life(Instant now) const;

 private:
  void remember(Instant now);
  void decay_to(Instant now);

  StackDistance recent_;
  std::vector<double> gains_;  // rates as of decayed_at_; [0] is slot 1's
  Instant decayed_at_{};
  std::deque<Instant> times_;  // of the last requests, the oldest first
};

}  // namespace genepool

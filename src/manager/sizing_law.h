// SizingLaw: grows and shrinks a pool by marginal gain (paging-policy note, 4.1). A slot is worth having while it saves more
// seconds of load per second than its memory costs. At the end of each window of 60 s:
//   up    mean of what slots k+1 and k+2 would save, or   above 1.1 x price in 3 windows in a row: one slot more
//         of more where that is higher: a loop saves nothing until all of it fits
//   last  what slot k saves                              below 0.9 x price in 5 windows in a row: one slot less
// Any change of the size, the law's or another's, begins both counts anew. So it moves one slot at a time, is slower to give than
// to take, and is the same rule at any load. Each window yields a decision that says why, also when nothing changes.
// Pure; time is handed in. Thread: one at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"
#include "manager/lru_curve.h"

namespace genepool {

struct SizeBounds {
  std::uint32_t least = 1, most = 10;
  bool operator==(const SizeBounds&) const = default;
};

// Seconds of load per second that a slot costs: to have one more, and to keep the last one. They differ where the memory would
// come from, or go to, another cache (manager/ram_split.h).
struct SlotPrice {
  double one_more = 0, last = 0;
};

struct SizingDecision {
  Instant at{};
  std::uint32_t from = 0, to = 0;
  double up = 0, last = 0;  // seconds of load per second
  SlotPrice price;
  std::uint32_t grow_windows = 0, shrink_windows = 0;  // in a row, this one included
  bool is_held_back = false;                           // it would have grown, and the brakes are on
  // What each choice is expected to save against the size as it is: seconds of load an hour, less what the memory costs.
  double grow_value = 0, shrink_value = 0;

  [[nodiscard]] double value() const { return to > from ? grow_value : to < from ? shrink_value : 0; }
};

class SizingLaw {
 public:
  static constexpr Duration kWindow = std::chrono::seconds(60);

  SizingLaw(SizeBounds bounds, Instant now) : bounds_(bounds), window_began_(now) {}

  // Call at least every few seconds with the size in force; a decision at the end of each window. Who calls carries it out.
  [[nodiscard]] std::optional<SizingDecision> update(const LruCurve& curve, std::uint32_t size, SlotPrice price, bool may_grow,
                                                     Instant now);

 private:
  void count_votes(const SizingDecision& window);
  void choose(SizingDecision& decision, bool may_grow);

  SizeBounds bounds_;
  Instant window_began_;
  std::uint32_t size_ = 0;  // at the last window
  std::uint32_t grow_windows_ = 0, shrink_windows_ = 0;
};

// One line for people: the change, its inputs, what is expected of it.
[[nodiscard]] std::string sizing_text(const SizingDecision& decision);

}  // namespace genepool

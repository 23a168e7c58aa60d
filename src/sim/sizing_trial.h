// What the sizing law is worth on a trace, against every fixed size: one LRU cache whose loads cost 1 each, and a price for each
// second that a slot is held, used or not. Cost = misses + price x slot-seconds. The law is the manager's own code, its time the
// trace's; it begins with 3 slots, and the first uses count (paging-policy note, sections 4.1 and 9).
// Pure. Thread: any. Time: about 10 ms for 26,800 requests.
// Use:   const SlotUse use = slot_use(trace, 0);
//        const double price = price_for(use, 8);
//        const SizingTrial trial = try_sizing(trace, price, {.most = kMostTrialSlots});
//        trial.cost / best_fixed(use, price).cost                // at most 1: the law is never dearer
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "manager/sizing_law.h"
#include "trace/trace.h"

namespace genepool {

inline constexpr std::uint32_t kFirstSlots = 3, kMostTrialSlots = 20;

// What LRU of each fixed size does from some request on; the cache is as the requests before it left it.
struct SlotUse {
  double seconds = 0;
  std::vector<std::uint64_t> misses;  // [k] with k slots, k = 0 to kMostTrialSlots + 1
};
[[nodiscard]] SlotUse slot_use(const Trace& trace, std::size_t first_request);

// The misses that a slot saves in a second where `slots` is to be the best size: half of what k - 1 and k + 1 differ by.
// Requires: 1 <= slots <= kMostTrialSlots.
[[nodiscard]] double price_for(const SlotUse& use, std::uint32_t slots);

struct FixedSize {
  std::uint32_t slots = 0;
  double cost = 0;
};
[[nodiscard]] FixedSize best_fixed(const SlotUse& use, double price);

struct SizingTrial {
  struct Change {
    double t_seconds = 0;
    std::size_t request = 0;  // the first one after it
    std::uint32_t slots = 0;
  };
  double cost = 0, seconds = 0;
  std::uint64_t misses = 0;
  std::vector<Change> changes;

  // Changes against the direction of the change before, for each hour.
  [[nodiscard]] double reversals_per_hour() const;
};
[[nodiscard]] SizingTrial try_sizing(const Trace& trace, double price, SizeBounds bounds);

// The founding document's rule where a load takes longer than half an inference: each minute with a miss has its ratio above 0.5.
// Where loads are shorter the rule never begins, and its size is the fixed kFirstSlots.
[[nodiscard]] SizingTrial try_founding(const Trace& trace, double price);

// How long after request `step` the size first is within one slot of `best`.
struct Arrival {
  bool has_arrived = false;
  double minutes = 0, requests = 0;
};
[[nodiscard]] Arrival arrival(const Trace& trace, const SizingTrial& trial, std::size_t step, std::uint32_t best);

}  // namespace genepool

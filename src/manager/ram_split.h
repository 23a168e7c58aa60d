// One memory budget for HOT and WARM. HOT has so many slots (a genome's page, KV and worker), WARM has the rest in pages.
// The split is right where a byte saves as much load in either. So under a budget the price of a HOT slot is what its bytes
// save, or would save, in WARM; with that price the sizing law (manager/sizing_law.h) finds the split, one slot at a time, and
// its hysteresis is the split's. Memory that WARM has no use for still has its configured price.
// WARM's gains are read from a curve of all requests with the cost COLD -> WARM: a request at place d of the stack needs d
// genomes in memory, HOT or WARM. A genome that becomes HOT leaves WARM and takes its page along.
// Pure. Thread: any.
#pragma once

#include <cstdint>

#include "manager/lru_curve.h"
#include "pool/prices.h"
#include "manager/sizing_law.h"

namespace genepool {

struct MemoryBudget {
  std::uint64_t bytes = 0;       // HOT and WARM together
  std::uint64_t slot_bytes = 0;  // one HOT genome, its page included
  std::uint64_t page_bytes = 0;  // one WARM genome
};

struct RamSplit {
  std::uint64_t hot_bytes = 0, warm_bytes = 0;
  std::uint32_t genomes = 0;  // in memory: HOT and WARM
};

// Requires: budget.page_bytes > 0. Slots beyond the budget get what there is.
[[nodiscard]] RamSplit split_ram(const MemoryBudget& budget, std::uint32_t hot_slots);

// The most slots the budget holds; Requires: budget.slot_bytes > 0.
[[nodiscard]] std::uint32_t most_slots(const MemoryBudget& budget);

// What one slot more, and the last one, take from WARM in seconds of load per second, but no less than the memory's own price.
[[nodiscard]] SlotPrice price_in_budget(const MemoryBudget& budget, std::uint32_t hot_slots, const LruCurve& cold_to_warm,
                                        const Prices& prices, Instant now);

}  // namespace genepool

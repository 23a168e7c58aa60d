#include "manager/ram_split.h"

#include <algorithm>

namespace genepool {

RamSplit split_ram(const MemoryBudget& budget, std::uint32_t hot_slots) {
  RamSplit split;
  split.hot_bytes = std::min(budget.bytes, hot_slots * budget.slot_bytes);
  split.warm_bytes = budget.bytes - split.hot_bytes;
  split.genomes = std::min(hot_slots, most_slots(budget)) + static_cast<std::uint32_t>(split.warm_bytes / budget.page_bytes);
  return split;
}

std::uint32_t most_slots(const MemoryBudget& budget) { return static_cast<std::uint32_t>(budget.bytes / budget.slot_bytes); }

SlotPrice price_in_budget(const MemoryBudget& budget, std::uint32_t hot_slots, const LruCurve& cold_to_warm,
                          const Prices& prices, Instant now) {
  // More slots, fewer genomes: a slot takes more bytes than the page that it spares WARM.
  const auto lost_between = [&](std::uint32_t fewer_slots, std::uint32_t more_slots) {
    return cold_to_warm.gain_between(split_ram(budget, more_slots).genomes, split_ram(budget, fewer_slots).genomes, now);
  };
  const double of_memory = cost_per_second(budget.slot_bytes, prices);
  SlotPrice price{of_memory, of_memory};
  price.one_more = std::max(price.one_more, lost_between(hot_slots, hot_slots + 1));
  if (hot_slots > 0) price.last = std::max(price.last, lost_between(hot_slots - 1, hot_slots));
  return price;
}

}  // namespace genepool

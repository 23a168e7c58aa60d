#include "manager/residents.h"

#include <algorithm>

namespace genepool {

bool Residents::has(const Usage& usage) const { return std::ranges::find(residents_, &usage, &Candidate::usage) != residents_.end(); }

void Residents::forget(const Usage& usage) { std::erase_if(residents_, [&](const Candidate& c) { return c.usage == &usage; }); }

bool Residents::has_room_for(const Usage& usage, const Budget& budget) const {
  std::uint64_t bytes = usage.hot.bytes;
  for (const Candidate& resident : residents_) bytes += resident.usage->hot.bytes;
  return residents_.size() < budget.places && bytes <= budget.bytes;
}

const Usage* Residents::next_to_leave(const Policy& policy, Instant now) const {
  return residents_.empty() ? nullptr : residents_[choose_victim(policy, residents_, now)].usage;
}

void Residents::make_room_for(const Usage& usage, const Budget& budget, const Policy& policy, Instant now) {
  while (!residents_.empty() && !has_room_for(usage, budget)) forget(*next_to_leave(policy, now));
}

}  // namespace genepool

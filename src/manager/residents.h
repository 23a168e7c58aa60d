// Residents: which genomes have a place, evicted by a policy that is not their own. Metadata only; the manager's picture of HOT,
// and the two shadows of it by which prefetch is judged. Thread: one at a time. The usages are the owner's, until forget().
#pragma once

#include <vector>

#include "pool/policy.h"

namespace genepool {

class Residents {
 public:
  [[nodiscard]] bool has(const Usage& usage) const;
  // `brought_use`: of the latest request, where it comes in without one. Requires: not there.
  void add(const Usage& usage, std::uint64_t brought_use = 0) { residents_.push_back({&usage, brought_use}); }
  void forget(const Usage& usage);  // also when it is not there

  [[nodiscard]] bool has_room_for(const Usage& usage, const Budget& budget) const;
  // Who would leave next; null when there is nobody.
  [[nodiscard]] const Usage* next_to_leave(const Policy& policy, Instant now) const;
  // Evicts until there is room, if that is possible.
  void make_room_for(const Usage& usage, const Budget& budget, const Policy& policy, Instant now);

 private:
  std::vector<Candidate> residents_;
};

}  // namespace genepool

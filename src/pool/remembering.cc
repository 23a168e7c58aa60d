// What policies may know of a genome: how often and when it is asked for, what it costs to bring in, what it holds.
#include "pool/state.h"

namespace genepool {

// Pages may be in HOT or in WARM: a ghost of WARM holds as much as both.
Budget PoolCore::State::warm_budget() const {
  return {knobs.max_hot + knobs.warm_max_genomes, knobs.hot_bytes + knobs.warm_bytes};
}

void PoolCore::State::remember_request(Entry& e) {
  book.expect(*e.usage, {.hot_bytes = hot_need(e), .warm_bytes = e.page_bytes, .prior = knobs.load_prior});
  book.on_request(*e.usage, ++last_use, now);
  (void)hot_policy->on_request(*e.usage, now);
  if (!e.is_bare_base()) (void)warm_policy->on_request(*e.usage, now);
}

void PoolCore::State::forget(const Usage& usage) {
  hot_policy->forget(usage);
  warm_policy->forget(usage);
}

}  // namespace genepool

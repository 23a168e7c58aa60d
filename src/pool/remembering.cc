// What policies may know of a genome: how often and when it is asked for, what it costs to bring in, what it holds.
#include "pool/state.h"

namespace genepool {
namespace {

constexpr double kEwmaShare = 0.3;  // a new level is believed after about five loads

}  // namespace

// Pages may be in HOT or in WARM: a ghost of WARM holds as much as both.
Budget PoolCore::State::warm_budget() const {
  return {knobs.max_hot + knobs.warm_max_genomes, knobs.hot_bytes + knobs.warm_bytes};
}

void PoolCore::State::remember_request(Entry& e) {
  Usage& u = *e.usage;
  const double prior = to_ms(knobs.load_prior) / 1e3;
  const auto expect = [&](Cost& cost, double usual, std::uint64_t bytes) {
    if (!cost.is_measured) cost.seconds = usual > 0 ? usual : prior;
    cost.bytes = bytes;
  };
  expect(u.hot, page_in_seconds, hot_need(e));
  expect(u.warm, build_seconds, e.page_bytes);
  book.on_request(u, ++last_use, now);
  (void)hot_policy->on_request(u, now);
  if (!e.is_bare_base()) (void)warm_policy->on_request(u, now);
}

void PoolCore::State::remember_load(Cost& cost, double& usual, double seconds) {
  cost.seconds = cost.is_measured ? cost.seconds + kEwmaShare * (seconds - cost.seconds) : seconds;
  cost.is_measured = true;
  usual = usual == 0 ? seconds : usual + kEwmaShare * (seconds - usual);
}

void PoolCore::State::forget(const Usage& usage) {
  hot_policy->forget(usage);
  warm_policy->forget(usage);
}

}  // namespace genepool

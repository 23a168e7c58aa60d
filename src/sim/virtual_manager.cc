// The manager beside the pool in virtual time: the code that serves, told of the same things.
#include <algorithm>

#include "sim/virtual_doer.h"

namespace genepool {
namespace {

constexpr std::size_t kMostDecisions = 1000;

}  // namespace

GenomeSeen VirtualDoer::seen(std::uint32_t genome) const {
  const GenomeSpec& spec = specs_[genome];
  return {spec.identity, trace_.genomes[genome].name, spec.page_bytes + knobs_.kv_bytes_per_worker, spec.page_bytes};
}

// The trace begins with a week.
std::uint32_t VirtualDoer::week_hour() const { return static_cast<std::uint32_t>(now_ / std::chrono::hours(1)) % 168; }

void VirtualDoer::expect(const TraceRequest& request, Instant now) {
  run_until(now);
  now_ = now;
  const Duration early = options_.hint_ahead;
  const SessionExpected session{.ticket = 0, .genome = seen(request.genome), .user = request.user + 1ULL, .source = request.user + 1ULL, .eta = early, .ttl = 2 * early};
  manager_.on(session, now_, wishes_);
  feed(Tick{});  // and what was wished
}

Duration VirtualDoer::status_every() const {
  constexpr Duration kWindow = std::chrono::minutes(1);  // of the sizing law
  constexpr Duration kServers = std::chrono::seconds(2);  // what the brakes are made for
  return faults_.is_memory_watched(now_) ? kServers : kWindow;
}

void VirtualDoer::report_status() {
  next_status_ = now_ + status_every();
  (void)thrash_.update(now_);
  StatusSeen status;
  status.thrash_ratio = thrash_.state().ratio;
  if (layers_wanted_ > 0) status.layer_hit_rate = 1 - static_cast<double>(layers_read_) / static_cast<double>(layers_wanted_);
  status.pressure = faults_.pressure(now_);
  status.largest_worker_bytes = largest_worker_bytes_;
  status.followed_hot = pool_.hot_policy().followed;
  status.followed_warm = pool_.warm_policy().followed;
  manager_.on(status, now_, wishes_);
  feed(Tick{});  // and what was wished
}

void VirtualDoer::carry_out(const Wish& wish) {
  std::visit([this](const auto& w) { carry_out_one(w); }, wish);
}

void VirtualDoer::carry_out_one(const MakeHot& wish) {
  wished_.emplace_back(Prewarm{wish.command, specs_[genome_of(wish.genome)], wish.victim, wish.protect_until, now_ + options_.patience});
}

void VirtualDoer::carry_out_one(const LetGo& wish) { wished_.emplace_back(Demote{~CommandId{0}, wish.genome}); }

void VirtualDoer::carry_out_one(const SetNumber& wish) {
  if (wish.name == "pool.max_hot") {
    knobs_.max_hot = static_cast<std::uint32_t>(wish.value);
    result_.sizes.emplace_back((to_ms(now_ - began_)) / 1e3, knobs_.max_hot);
  } else if (wish.name == "warm.max_genomes") {
    knobs_.warm_max_genomes = static_cast<std::uint32_t>(wish.value);
  } else {
    GENEPOOL_CHECK(wish.name == "warm.bytes", "no such setting in a simulation: {}", wish.name);
    knobs_.warm_bytes = wish.value;
  }
  wished_.emplace_back(SetKnobs{knobs_});
}

void VirtualDoer::carry_out_one(const Decided& wish) {
  if (result_.decisions.size() == kMostDecisions) result_.decisions.pop_front();
  result_.decisions.push_back(wish.decision);
}

void VirtualDoer::carry_out_one(const HintAnswered& wish) { result_.refused_hints += wish.refusal ? 1 : 0; }

void VirtualDoer::carry_out_one(const Realised& wish) {
  const auto it = std::ranges::lower_bound(result_.decisions, wish.decision, {}, &Decision::id);
  if (it == result_.decisions.end() || it->id != wish.decision) return;
  it->realised = wish.value;
  it->outcome = wish.outcome;
}

}  // namespace genepool

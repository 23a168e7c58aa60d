// Breakers on the strand: their changes written down, who answers instead, files that may have been mended, an operator's wishes.
#include <algorithm>
#include <chrono>

#include "base/log.h"
#include "runtime/runtime_impl.h"

namespace genepool {
namespace {

// Of layers that are looked at; of a genome beyond it an operator, or who adds the layer again, ends the quarantine.
constexpr std::size_t kMostSuspects = 1000;

}  // namespace

void RuntimeImpl::perform_one(const BreakerChanged& change) {
  const std::string name = name_of(change.identity);
  ledger_.breaker_changed(name, change);
  Decision decision;
  decision.t_seconds = to_ms(monotonic_now() - opened_) / 1e3;
  decision.kind = DecisionKind::kBreaker;
  decision.subject = name;
  decision.action = fmt::format("{} breaker {} -> {}", breaker_kind_name(change.kind), breaker_state_name(change.from), breaker_state_name(change.to));
  decision.reason = change.why;
  decision.inputs = {{"times opened", static_cast<double>(change.times_opened), ""}};
  if (change.retry_in != Duration::max()) decision.inputs.push_back({"tried again in", to_ms(change.retry_in) / 1e3, "s"});
  write_down(std::move(decision));
}

// The next genome that the client named, in its place. False: there is none.
bool RuntimeImpl::fall_back(RequestId id, Request& request) {
  std::vector<Fallback>& others = request.params.fallbacks;
  if (others.empty()) return false;
  Fallback next = std::move(others.front());
  others.erase(others.begin());
  Receipt& receipt = request.receipt;
  if (receipt.fallback_for.empty()) receipt.fallback_for = receipt.genome;
  request.genome = std::move(next.genome);
  request.params.prompt = std::move(next.prompt);
  ask_pool(id, request);
  if (request.sink) request.sink->on_fallback(receipt);
  return true;
}

void RuntimeImpl::set_breaker(const ResolvedGenome& genome, BreakerWish wish, Done done) {
  loop_.post([this, genome, wish, done = std::move(done)] {
    if (!knobs().has_breakers) return done(fail(Code::kConflict, "breaker.mode is off"));
    know(genome);
    pool_->feed(SetBreaker{genome.identity, wish});
    done({});
  });
}

void RuntimeImpl::show_kept_out(RuntimeStatus& status) {
  for (const BreakerRow& row : status.breakers) {
    const auto& [identity, load, answer, crash_loops] = row.breakers;
    if (!is_shut(load.state) && !is_shut(answer.state)) continue;
    auto resident = std::ranges::find(status.residents, identity, [](const ResidentRow& r) { return r.status.identity; });
    if (resident == status.residents.end()) {
      resident = status.residents.insert(resident, ResidentRow{.name = row.name, .status = {.identity = identity}});
    }
    resident->breaker = breaker_state_name(is_shut(answer.state) ? answer.state : load.state);
  }
}

// A file that cannot heal keeps its genomes out until it is another file: from now on it is looked at each second.
void RuntimeImpl::suspect_layers(const Identity& identity, const Error& error) {
  if (error.code != Code::kLayerCorrupt && error.code != Code::kLayerRejected) return;
  for (const LayerCharge& layer : known_.at(identity).layers) {
    if (suspects_.size() < kMostSuspects) suspects_.insert_or_assign(layer.id, store_->layer_stamp(layer.id));
  }
}

void RuntimeImpl::look_at_suspects() {
  if (suspects_.empty() || is_looking_at_suspects_) return;
  is_looking_at_suspects_ = true;
  errands_.submit([this, suspects = suspects_] {
    std::vector<LayerId> changed;
    for (const auto& [id, stamp] : suspects) {
      if (store_->layer_stamp(id) != stamp) changed.push_back(id);
    }
    loop_.post([this, changed] {
      is_looking_at_suspects_ = false;
      for (const LayerId& id : changed) {
        suspects_.erase(id);
        pool_->feed(LayerChanged{id});
      }
    });
  });
}

}  // namespace genepool

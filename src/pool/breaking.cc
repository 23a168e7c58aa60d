// Breakers: what the board is told of requests, assemblies and workers, and whom it keeps out.
#include "pool/state.h"

namespace genepool {
namespace {

constexpr std::uint64_t kSeed = 5;  // of the waits: they need only differ from each other

}  // namespace

void PoolCore::State::set_breakers(bool is_on) {
  if (is_on == board.has_value()) return;
  board.reset();
  if (is_on) board.emplace(kSeed, [this](const BreakerChanged& change) { out(change); });
}

// Of a request that nothing else refuses. Let in: from here on the board hears of its end, once.
std::optional<Error> PoolCore::State::kept_out(RequestId request, const Entry& e) {
  if (!board) return std::nullopt;
  const Admission verdict = board->admit(request, e.spec.identity, e.tier(), now);
  return verdict.is_allowed ? std::nullopt : std::optional(verdict.error);
}

// A trial's clock starts: its genome's assembly has begun, or it has a HOT worker.
void PoolCore::State::begin_work(const Request& r, Tier tier) {
  if (board) board->on_begun(r.id, r.entry->spec.identity, tier, now);
}

// It is over. Of a default Release nothing is learnt.
void PoolCore::State::judge(const Request& r, const Release& how) {
  if (!board) return;
  const Identity& identity = r.entry->spec.identity;
  if (how.error) return board->on_answer_failed(r.id, identity, *how.error, now);
  if (!how.is_answered) return board->on_ended(r.id, identity, now);
  Answer answer{.tier = r.tier, .tokens = how.tokens > 0 ? how.tokens - 1 : 0, .decode = how.decode};
  if (!r.is_lease) answer.first_token = r.has_first_token ? r.first_token : now - r.worked_since;
  board->on_answered(r.id, identity, answer, now);
}

void PoolCore::State::crashed(const Entry& e, CrashPhase phase) {
  if (board) (void)board->on_crashed(e.spec.identity, phase, now);
}

void PoolCore::State::handle(const LayerChanged& changed) {
  if (board) board->on_layer_changed(changed.layer, now);
}

void PoolCore::State::handle(const SetBreaker& set) {
  if (!board) return;
  switch (set.wish) {
    case BreakerWish::kOpen: return board->force_open(set.identity, now);
    case BreakerWish::kDisable: return board->disable(set.identity, now);
    case BreakerWish::kReset: return board->reset(set.identity, now);
  }
}

}  // namespace genepool

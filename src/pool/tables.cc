// Entries, and all that follows from their fields: charge, place in line, whether they may be forgotten.
#include <algorithm>

#include "pool/state.h"

namespace genepool {

bool PoolCore::State::Entry::is_leaving() const {
  return std::any_of(commands.begin(), commands.end(),
                     [](const Command* c) { return c->want == Want::kDemoted || c->want == Want::kCold; });
}

PoolCore::State::Entry& PoolCore::State::enter(const GenomeSpec& spec) {
  const auto [it, is_new] = entries.try_emplace(spec.identity);
  Entry& e = it->second;
  const bool is_cold = e.is_at_rest() && !e.has_page && !e.is_building;
  if (is_new) e.usage = &book.hold(spec.identity);
  if (is_new || is_cold) {
    e.spec = spec;
    e.page_bytes = spec.page_bytes;
  }
  return e;
}

PoolCore::State::Entry* PoolCore::State::find(const Identity& identity) {
  const auto it = entries.find(identity);
  return it == entries.end() ? nullptr : &it->second;
}

PoolCore::State::Entry* PoolCore::State::find_worker(WorkerId worker) {
  const auto it = workers.find(worker);
  return it == workers.end() ? nullptr : it->second;
}

void PoolCore::State::refresh(Entry& e) {
  recharge(e);
  requeue(e);
  if (e.charged.kind == Charge::kNone && !e.is_pinned && !e.is_wanted()) forgettable.push_back(e.spec.identity);
}

void PoolCore::State::recharge(Entry& e) {
  Charged next;
  next.is_pinned = e.is_pinned;
  next.bytes = e.page_bytes + e.kv_bytes;
  if (e.worker) {
    next.kind = e.worker->state == WorkerState::kDying ? Charge::kDying : Charge::kHot;
  } else if (e.seat != Seat::kNone) {
    next.kind = e.seat == Seat::kHeld ? Charge::kHeld : Charge::kHot;
  } else if ((e.has_page || e.is_building) && !e.is_bare_base()) {
    next.kind = e.is_building ? Charge::kFilling : Charge::kWarm;
    next.bytes = e.page_bytes;
  } else {
    next.bytes = 0;
  }
  const auto apply = [&](const Charged& c, auto change) {
    change(total(c.kind).count, 1U);
    change(total(c.kind).bytes, c.bytes);
    if (!c.is_pinned || (c.kind != Charge::kHeld && c.kind != Charge::kHot)) return;
    change(pinned_hot.count, 1U);
    change(pinned_hot.bytes, c.bytes);
  };
  if (e.charged.kind != Charge::kNone) apply(e.charged, [](auto& sum, auto part) { sum -= part; });
  if (next.kind != Charge::kNone) apply(next, [](auto& sum, auto part) { sum += part; });
  e.charged = next;
}

void PoolCore::State::requeue(Entry& e) {
  std::uint64_t seq = 0;
  if (e.seat == Seat::kNone || e.is_parting()) {
    if (!e.waiting.empty()) seq = (*e.waiting.begin())->seq;
    for (const Command* c : e.commands) {
      if (c->want != Want::kHot) continue;
      seq = seq == 0 ? c->seq : std::min(seq, c->seq);
      break;
    }
  }
  if (seq == e.line_seq) return;
  if (seq == 0) e.is_ahead = false;
  if (e.line_seq != 0) line.erase(e.line_seq);
  if (seq != 0) line.emplace(seq, &e);
  e.line_seq = seq;
}

void PoolCore::State::forget_cold() {
  for (const Identity& identity : forgettable) {
    const auto it = entries.find(identity);
    if (it == entries.end()) continue;
    const Entry& e = it->second;
    if (e.charged.kind != Charge::kNone || e.is_pinned || e.is_wanted()) continue;
    book.release(*e.usage);
    entries.erase(it);
  }
  forgettable.clear();
}

}  // namespace genepool

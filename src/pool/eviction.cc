// Eviction: SIGKILL of idle, unpinned workers that nobody waits for, in the order of the policy.
#include <algorithm>

#include "pool/state.h"

namespace genepool {

// Kills as few idle victims as let the newcomer in; kills none and says false when they would not be enough.
bool PoolCore::State::make_room(const Entry& newcomer) {
  const std::uint64_t need = hot_need(newcomer);
  std::uint32_t seats = hot_seats();
  std::uint64_t bytes = hot_promised();
  const auto is_tight = [&] { return seats >= knobs.max_hot || bytes + need > knobs.hot_bytes; };
  if (!is_tight()) return true;
  std::vector<Entry*> idle = idle_victims(), victims;
  while (is_tight()) {
    if (idle.empty()) return false;
    victims.push_back(take_victim(idle));
    --seats;
    bytes -= victims.back()->charged.bytes;
  }
  for (Entry* victim : victims) kill(*victim, KillReason::kEvicted);
  return true;
}

// After a knob shrank.
void PoolCore::State::shrink_hot() {
  if (excess() == 0) return;
  std::vector<Entry*> idle = idle_victims();
  while (excess() > 0 && !idle.empty()) kill(*take_victim(idle), KillReason::kEvicted);
}

// One that has yielded counts as idle although its newcomers wait: they stand in the line.
std::vector<PoolCore::State::Entry*> PoolCore::State::idle_victims() {
  std::vector<Entry*> idle;
  for (const auto& [id, e] : workers) {
    if (may_leave(*e)) idle.push_back(e);
  }
  return idle;
}

bool PoolCore::State::may_leave(const Entry& e) const {
  return e.is_idle() && !e.is_pinned && (e.worker->is_yielding || e.waiting.empty());
}

// Its load has not paid yet, or it was brought in for someone who is about to come. It still leaves before anyone is kept
// waiting: then its place was the one for who comes and goes.
bool PoolCore::State::is_expected(const Entry& e) const {
  const Duration load = from_ms(2e3 * e.usage->hot.seconds);
  return now < std::max(e.protected_until, e.worker->hot_since + std::max(knobs.min_residency, load));
}

PoolCore::State::Entry* PoolCore::State::take_victim(std::vector<Entry*>& idle) const {
  auto it = std::find_if(idle.begin(), idle.end(), [](const Entry* e) { return e->worker->is_yielding; });
  if (it == idle.end()) {
    const auto expected = std::stable_partition(idle.begin(), idle.end(), [this](const Entry* e) { return !is_expected(*e); });
    const auto end = expected == idle.begin() ? idle.end() : expected;
    it = idle.begin() + static_cast<std::ptrdiff_t>(choose(*hot_policy, {idle.begin(), end}));
  }
  Entry* victim = *it;
  idle.erase(it);
  return victim;
}

std::size_t PoolCore::State::choose(const Policy& policy, std::span<Entry* const> candidates) const {
  std::vector<Candidate> known;
  known.reserve(candidates.size());
  for (const Entry* e : candidates) known.push_back({e->usage, e->brought_use});
  return choose_victim(policy, known, now);
}

}  // namespace genepool

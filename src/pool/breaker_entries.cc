// The board's table: who is remembered and in which order forgotten, what is counted over all, when time has work to do.
#include <algorithm>

#include "pool/breaker_board.h"

namespace genepool {

// The genome is asked for, or shows a sign of that.
BreakerBoard::Node& BreakerBoard::enter(const Identity& identity, Instant now) {
  auto it = entries_.find(identity);
  if (it == entries_.end()) {
    if (entries_.size() == kMostGenomes) forget(entries_.find(ordinary_.empty() ? opened_.front() : ordinary_.front()));
    it = entries_.try_emplace(identity).first;
    it->second.place = ordinary_.insert(ordinary_.end(), identity);
  }
  Entry& e = it->second;
  e.last_asked = now;
  std::list<Identity>& order = e.has_opened ? opened_ : ordinary_;
  order.splice(order.end(), order, e.place);
  refresh(*it, now);
  return *it;
}

BreakerBoard::Node* BreakerBoard::find(const Identity& identity) {
  const auto it = entries_.find(identity);
  return it == entries_.end() ? nullptr : &*it;
}

void BreakerBoard::forget(Entries::iterator it) {
  Entry& e = it->second;
  active_ -= e.is_active ? 1 : 0;
  kept_out_as_slow_ -= e.is_kept_out_as_slow ? 1 : 0;
  slow_but_closed_ -= e.is_slow_but_closed ? 1 : 0;
  (e.has_opened ? opened_ : ordinary_).erase(e.place);
  wakeups_.erase({e.wakeup, it->first});
  entries_.erase(it);
}

bool BreakerBoard::is_forgettable(const Entry& e, Instant now) {
  return !e.is_active && e.load.is_blank(now) && e.answer.is_blank(now) && e.restarts.is_unused();
}

// After any change of an entry: whatever follows from its fields.
void BreakerBoard::refresh(Node& node, Instant now) {
  Entry& e = node.second;
  recount(e, now);
  const auto is_marked = [](const Breaker& b) { return b.state() != BreakerState::kClosed || b.times_opened() > 0; };
  const bool has_opened = is_marked(e.load) || is_marked(e.answer);
  if (has_opened != e.has_opened) {
    std::list<Identity>&from = e.has_opened ? opened_ : ordinary_, &to = has_opened ? opened_ : ordinary_;
    to.splice(to.end(), from, e.place);
    e.has_opened = has_opened;
  }
  arm(node);
}

void BreakerBoard::recount(Entry& e, Instant now) {
  const auto set = [](bool& flag, bool value, std::size_t& total) {
    total += (value ? 1U : 0U);
    total -= (flag ? 1U : 0U);
    flag = value;
  };
  const bool is_active = now - e.last_asked < kActive;
  set(e.is_active, is_active, active_);
  set(e.is_kept_out_as_slow, is_active && e.answer.is_kept_out_as_slow(), kept_out_as_slow_);
  set(e.is_slow_but_closed, e.answer.is_slow_but_closed(now), slow_but_closed_);
}

// ---------------------------------------------------------------------------------------------------------- clock

void BreakerBoard::arm(Node& node) {
  Entry& e = node.second;
  Instant due = std::min(e.load.due(), e.answer.due());
  if (e.is_active) due = std::min(due, e.last_asked + kActive);
  if (!e.restarts.is_unused()) due = std::min(due, e.restarts.healthy_at());
  if (due >= e.wakeup) return;  // it wakes earlier and looks again: a request need not move it
  wakeups_.erase({e.wakeup, node.first});
  wakeups_.emplace(due, node.first);
  e.wakeup = due;
}

void BreakerBoard::wake(Node& node, Instant now) {
  Entry& e = node.second;
  e.wakeup = Instant::max();
  change(node, BreakerKind::kLoad, now, [&](Breaker& b) { b.advance(now, random_); });
  const bool was_quarantined = e.answer.state() == BreakerState::kQuarantined;
  change(node, BreakerKind::kAnswer, now, [&](Breaker& b) { b.advance(now, random_); });
  if (was_quarantined && e.answer.state() == BreakerState::kHalfOpen) e.restarts.resume(now);
  if (e.restarts.is_healthy(now)) e.restarts.reset();
  refresh(node, now);
}

void BreakerBoard::tick(Instant now) {
  while (!wakeups_.empty() && wakeups_.begin()->first <= now) {
    const auto it = entries_.find(wakeups_.begin()->second);
    wakeups_.erase(wakeups_.begin());
    wake(*it, now);
    if (is_forgettable(it->second, now)) forget(it);
  }
}

Instant BreakerBoard::next_wakeup() const { return wakeups_.empty() ? Instant::max() : wakeups_.begin()->first; }

}  // namespace genepool

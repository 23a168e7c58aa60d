// Workers: watched, probed, killed, gone.
//
//   starting -> idle <-> probing -> busy (1..sequences in flight) -> idle ... -> dying -> gone
// A worker that dies by itself skips `dying`. Its requests are looked at when it is gone and not when it is killed: until
// then it may still have said something that counts.
#include <algorithm>

#include "pool/idle_limit.h"
#include "pool/state.h"

namespace genepool {

// When, and why, this worker is to be killed if nothing else happens.
PoolCore::State::Due PoolCore::State::due(const Entry& e) const {
  const Worker& w = *e.worker;
  const auto after = [](Instant since, Duration limit, KillReason reason) {
    return limit == Duration::zero() ? Due{} : Due{since + limit, reason};
  };
  switch (w.state) {
    case WorkerState::kStarting:
    case WorkerState::kDying: return {};
    case WorkerState::kProbing:
      if (w.is_leaking) return {Instant::min(), KillReason::kLeaking};
      return after(w.state_since, knobs.probe_timeout, KillReason::kProbeFailed);
    case WorkerState::kBusy: return after(w.last_sign, knobs.stuck_after, KillReason::kStuck);
    case WorkerState::kIdle: break;
  }
  if (is_draining) return {Instant::min(), KillReason::kDraining};
  if (e.is_leaving()) return {Instant::min(), KillReason::kDemoted};
  if (w.is_leaking) return {Instant::min(), KillReason::kLeaking};
  if (e.is_pinned || !e.waiting.empty()) return {};
  if (w.wants_rest) return {Instant::min(), KillReason::kReleased};
  return after(w.state_since, idle_limit_of(e), KillReason::kIdleTtl);
}

Duration PoolCore::State::idle_limit_of(const Entry& e) const {
  if (knobs.idle_gb_second == 0) return knobs.idle_ttl;
  return idle_limit(e.usage->hot.seconds, e.charged.bytes, {.gb_second = knobs.idle_gb_second});
}

void PoolCore::State::kill_due_workers() {
  for (const auto& [id, e] : workers) {
    if (const Due d = due(*e); d.at <= now) kill(*e, d.reason);
  }
}

// An idle worker may be stuck or stopped: it must answer before it is given anything.
void PoolCore::State::serve_waiting() {
  for (const auto& [id, e] : workers) {
    if (e->waiting.empty() || !e->is_hot() || e->is_parting()) continue;
    Worker& w = *e->worker;
    if (w.state == WorkerState::kBusy) fill(*e);
    if (w.state != WorkerState::kIdle) continue;
    w.state = WorkerState::kProbing;
    w.state_since = now;
    out(ProbeWorker{w.id});
  }
}

// The seat is free at once, the bytes when it is gone. Its page stays.
void PoolCore::State::kill(Entry& e, KillReason reason) {
  if (reason == KillReason::kStuck || reason == KillReason::kProbeFailed) crashed(e, CrashPhase::kServing);
  e.worker->state = WorkerState::kDying;
  e.seat = Seat::kNone;
  refresh(e);
  out(KillWorker{e.worker->id, e.spec.identity, reason});
}

void PoolCore::State::become_idle(Worker& w) const {
  w.state = WorkerState::kIdle;
  w.state_since = now;
}

void PoolCore::State::handle(const ProbeAnswered& answer) {
  Entry* e = find_worker(answer.worker);
  if (e == nullptr || e->worker->state != WorkerState::kProbing) return;
  e->worker->last_sign = now;
  become_idle(*e->worker);
  fill(*e);
}

void PoolCore::State::handle(const WorkerAlive& alive) {
  Entry* e = find_worker(alive.worker);
  if (e != nullptr) e->worker->last_sign = now;
}

// What it is charged for includes KV that it may not have written yet: a leak is seen late rather than where there is none.
void PoolCore::State::handle(const WorkerMeasured& measured) {
  Entry* e = find_worker(measured.worker);
  if (e == nullptr || !e->is_hot() || e->worker->is_leaking || knobs.worker_growth == 0) return;
  if (measured.own_bytes <= e->charged.bytes + knobs.worker_growth || !e->usage->recycling.spend(now)) return;
  e->worker->is_leaking = true;
  refresh(*e);
}

void PoolCore::State::handle(const WorkerGone& gone) {
  Entry* e = find_worker(gone.worker);
  if (e == nullptr) return;
  if (e->worker->state == WorkerState::kStarting) {
    crashed(*e, CrashPhase::kLoading);
    return spawn_failed(*e, Error{Code::kWorkerDied, "the worker died while it started", "", std::nullopt});
  }
  if (e->worker->state != WorkerState::kDying) crashed(*e, CrashPhase::kServing);
  const std::vector<Request*> in_flight = std::move(e->worker->in_flight);
  workers.erase(gone.worker);
  e->worker.reset();
  unseat(*e);
  for (Request* r : in_flight) lose(*r);
  if (e->is_stale) drop_page(*e);
}

}  // namespace genepool

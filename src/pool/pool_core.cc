// PoolCore's face: one event in, its actions out, and the copies that others look at.
#include "pool/pool_core.h"

#include <algorithm>

#include "pool/state.h"

namespace genepool {

PoolCore::State::State(const Knobs& first_knobs)
    : book(kMostRemembered, [this](const Usage& usage) { forget(usage); }),
      knobs(first_knobs),
      hot_policy(make_policy(first_knobs.hot_policy, &Usage::hot, hot_budget())),
      warm_policy(make_policy(first_knobs.warm_policy, &Usage::warm, warm_budget())),
      seats_allowed(first_knobs.max_hot),
      bytes_allowed(first_knobs.hot_bytes) {
  set_breakers(knobs.has_breakers);
}

PoolCore::PoolCore(const Knobs& knobs) : state_(std::make_unique<State>(knobs)) {}

PoolCore::~PoolCore() = default;

void PoolCore::on(const Event& event, Instant now, const ActionSink& sink) {
  State& s = *state_;
  s.now = std::max(s.now, now);
  s.sink = &sink;
  std::visit([&s](const auto& e) { s.handle(e); }, event);
  s.settle();
  s.sink = nullptr;
#ifndef NDEBUG
  const std::string broken = check_invariants();
  GENEPOOL_CHECK(broken.empty(), "{}", broken);
#endif
}

// The order matters: what ends makes room before anyone comes in, and those who are in are served last, when it is known
// who keeps the place.
void PoolCore::State::settle() {
  if (board) board->tick(now);
  expire_deadlines();
  refuse_hopeless();
  kill_due_workers();
  start_held();
  trim_warm();
  pursue_commands();
  shrink_hot();
  seat_line();
  balance_yields();
  look_ahead();
  start_preloads();
  serve_waiting();
  forget_cold();
  seats_allowed = std::max(knobs.max_hot, std::min(seats_allowed, hot_seats()));
  bytes_allowed = std::max(knobs.hot_bytes, std::min(bytes_allowed, hot_in_use()));
}

void PoolCore::State::handle(const SetKnobs& e) {
  if (e.knobs == knobs) return;
  const bool is_new_hot = e.knobs.hot_policy != knobs.hot_policy, is_new_warm = e.knobs.warm_policy != knobs.warm_policy;
  knobs = e.knobs;
  set_breakers(knobs.has_breakers);
  if (is_new_hot) hot_policy = make_policy(knobs.hot_policy, &Usage::hot, hot_budget());
  if (is_new_warm) warm_policy = make_policy(knobs.warm_policy, &Usage::warm, warm_budget());
  hot_policy->resize(hot_budget());
  warm_policy->resize(warm_budget());
  while (!held.empty()) unseat(*held.front());  // nothing was done for these yet: they queue again under the new knobs
}

void PoolCore::State::handle(const Drain&) { is_draining = true; }

Instant PoolCore::next_wakeup() const {
  const State& s = *state_;
  Instant at = s.board ? s.board->next_wakeup() : Instant::max();
  if (!s.request_deadlines.empty()) at = std::min(at, s.request_deadlines.begin()->first);
  if (!s.command_deadlines.empty()) at = std::min(at, s.command_deadlines.begin()->first);
  for (const auto& [id, e] : s.workers) {
    at = std::min(at, s.due(*e).at);
    if (s.is_short_of_yields && s.may_yield(*e)) at = std::min(at, e->worker->hot_since + s.knobs.turn);
  }
  return at;
}

PoolSnapshot PoolCore::snapshot() const {
  const State& s = *state_;
  PoolSnapshot copy;
  for (const auto& [identity, e] : s.entries) {
    GenomeStatus g{.identity = identity, .tier = e.tier(), .is_pinned = e.is_pinned};
    g.is_assembling = e.is_building || (e.seat != State::Seat::kNone && !e.is_hot());
    g.page_bytes = e.has_page ? e.page_bytes : 0;
    g.waiting = static_cast<std::uint32_t>(e.waiting.size());
    g.requests = e.usage->requests;
    g.last_time = e.usage->last_time;
    if (e.worker) {
      g.worker = e.worker->id;
      g.worker_state = e.worker->state;
      g.is_yielding = e.is_parting();
      g.in_flight = static_cast<std::uint32_t>(e.worker->in_flight.size());
    }
    copy.hot += g.tier == Tier::kHot ? 1 : 0;
    copy.waiting += g.waiting;
    copy.in_flight += g.in_flight;
    copy.genomes.push_back(g);
  }
  copy.hot_bytes = s.hot_in_use();
  copy.warm_page_bytes = s.warm_page_bytes();
  copy.warm = s.total(State::Charge::kWarm).count;
  copy.layer_bytes = s.layer_bytes;
  copy.knobs = s.knobs;
  copy.hot_policy = hot_policy();
  copy.warm_policy = warm_policy();
  return copy;
}

std::vector<GenomeBreakers> PoolCore::breakers(Instant now) const {
  return state_->board ? state_->board->marked(now) : std::vector<GenomeBreakers>{};
}

PolicyStatus PoolCore::hot_policy() const { return state_->hot_policy->status(); }
PolicyStatus PoolCore::warm_policy() const { return state_->warm_policy->status(); }

}  // namespace genepool

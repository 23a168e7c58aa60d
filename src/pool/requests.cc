// Requests: waiting -> granted -> released, or refused, or cancelled; each ends once.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "pool/state.h"

namespace genepool {
namespace {

constexpr double kRetryAfterMin = 1, kRetryAfterMax = 60;  // seconds

Error make_error(Code code, std::string message) { return Error{code, std::move(message), "", std::nullopt}; }

Error died_error(const char* when) {
  return make_error(Code::kWorkerDied, fmt::format("the worker died {}: send the request again", when));
}

}  // namespace

// "Come back in about the time that bringing a genome in takes."
Error PoolCore::State::busy_error(Code code, std::string message) const {
  Error error = make_error(code, std::move(message));
  const double seconds = std::clamp(book.usual_page_in_seconds(), kRetryAfterMin, kRetryAfterMax);
  error.retry_after = std::chrono::milliseconds(std::llround(seconds * 1e3));
  return error;
}

Error PoolCore::State::too_late_error(Duration wait, Duration left) const {
  Error error = make_error(Code::kQueueFull, fmt::format("{} requests wait already: at this pace it would be {:.1f} s until a worker has this one, and its deadline is in {:.1f} s",
                                                         waiting_total(), to_ms(wait) / 1e3, to_ms(left) / 1e3));
  const double seconds = std::clamp(to_ms(wait - left) / 1e3, kRetryAfterMin, kRetryAfterMax);
  error.retry_after = std::chrono::milliseconds(std::llround(seconds * 1e3));
  return error;
}

// HOT, and nobody is before it: it only waits for the health check.
bool PoolCore::State::has_free_sequence(const Entry& e) const {
  return e.is_hot() && !e.is_parting() && e.waiting.empty() && e.worker->in_flight.size() < knobs.sequences;
}

void PoolCore::State::handle(const Arrive& a) {
  if (requests.contains(a.request)) return;
  const auto turn_away = [&](const Error& error) { out(RefuseRequest{a.request, error}); };
  if (is_draining) return turn_away(busy_error(Code::kDraining, "the server is draining: no new requests"));
  if (a.deadline <= now) return turn_away(make_error(Code::kDeadlineExceeded, "the deadline had passed on arrival"));
  Entry& e = enter(a.genome);
  if (const auto refusal = refusal_on_arrival(a, e)) {
    refresh(e);
    return out(*refusal);
  }
  remember_request(e);
  e.protected_until = {};  // who was expected has come
  Request& r = requests[a.request];
  r = {.id = a.request, .seq = ++last_seq, .entry = &e, .arrived = now, .deadline = a.deadline, .is_lease = a.is_lease};
  r.is_first_use = e.usage->requests == 1;
  r.tier = e.is_hot() ? Tier::kHot : e.assembly_tier;  // not seated yet: seat() will say
  if (can_grant(e)) return grant(r);
  if (e.seat != Seat::kNone && !e.is_hot()) begin_work(r, r.tier);
  enqueue(r);
}

// The breaker comes last: it must hear of the end of whoever it lets in.
std::optional<RefuseRequest> PoolCore::State::refusal_on_arrival(const Arrive& a, const Entry& e) {
  const std::size_t waiting = waiting_total();
  if (!can_grant(e)) {
    if (waiting >= knobs.queue) {
      return RefuseRequest{a.request, busy_error(Code::kQueueFull, fmt::format("{} requests wait already (pool.queue)", waiting))};
    }
    if (knobs.genome_queue > 0 && e.waiting.size() >= knobs.genome_queue) {
      return RefuseRequest{a.request, busy_error(Code::kQueueFull, fmt::format("{} requests wait for this genome already (pool.genome_queue)", e.waiting.size()))};
    }
    // Who could only wait past the deadline had better know it now, and try elsewhere.
    const Duration wait = forecast.of(waiting + 1);
    const bool must_wait = !has_free_sequence(e);
    if (must_wait && now + wait > a.deadline) return RefuseRequest{a.request, too_late_error(wait, a.deadline - now)};
    if (must_wait && waiting > 0 && board && board->is_machine_slow()) {
      return RefuseRequest{a.request, busy_error(Code::kQueueFull, fmt::format("the machine is slow: more genomes are slow than can be by their own fault, "
                                                                               "and {} requests wait already", waiting))};
    }
  }
  if (const auto error = kept_out(a.request, e)) return RefuseRequest{a.request, *error, true};
  return std::nullopt;
}

void PoolCore::State::handle(const Cancel& c) {
  const auto it = requests.find(c.request);
  if (it == requests.end()) return;
  Request& r = it->second;
  if (r.is_granted) {
    if (!r.is_cancelled) out(CancelOnWorker{r.id, r.entry->worker->id});
    r.is_cancelled = true;  // stays granted until Release: it still holds its sequence
    return;
  }
  judge(r, {});
  dequeue(r);
  requests.erase(it);
}

void PoolCore::State::handle(const FirstToken& f) {
  const auto it = requests.find(f.request);
  if (it == requests.end()) return;
  Request& r = it->second;
  // A token that was on its way when its worker died: the client has it, so starting over would repeat it.
  if (!r.is_granted && r.is_retry) return refuse(r, died_error("after the first token"));
  if (!r.is_granted) return;
  r.entry->worker->last_sign = now;
  if (std::exchange(r.has_first_token, true)) return;  // a lease has one for each generation
  r.first_token = now - r.worked_since;
  if (board) board->on_first_token(r.id, r.entry->spec.identity, now);
}

void PoolCore::State::handle(const Release& release) {
  const auto it = requests.find(release.request);
  if (it == requests.end()) return;
  Request& r = it->second;
  Entry& e = *r.entry;
  if (!r.is_granted) {  // its answer was complete when its worker died: nothing to retry
    judge(r, {});
    dequeue(r);
    requests.erase(it);
    return;
  }
  forecast.on_end(waiting_total(), now);
  judge(r, release);
  Worker& w = *e.worker;
  std::erase(w.in_flight, &r);
  requests.erase(it);
  w.last_sign = now;
  if (!release.keep_hot) w.wants_rest = true;
  if (w.state == WorkerState::kDying) return;
  if (!e.is_parting()) fill(e);
  if (w.in_flight.empty()) become_idle(w);
}

// At once, without a probe: the worker is at work and showed it lately.
bool PoolCore::State::can_grant(const Entry& e) const {
  return e.is_busy() && !e.is_parting() && e.waiting.empty() && e.worker->in_flight.size() < knobs.sequences &&
         now < due(e).at;
}

void PoolCore::State::enqueue(Request& r) {
  r.entry->waiting.insert(&r);
  request_deadlines.emplace(r.deadline, r.id);
  refresh(*r.entry);
}

void PoolCore::State::dequeue(Request& r) {
  r.entry->waiting.erase(&r);
  request_deadlines.erase({r.deadline, r.id});
  refresh(*r.entry);
}

void PoolCore::State::grant(Request& r) {
  Worker& w = *r.entry->worker;
  w.state = WorkerState::kBusy;
  w.wants_rest = false;
  w.in_flight.push_back(&r);
  r.is_granted = true;
  const bool was_hot = r.tier == Tier::kHot;
  r.worked_since = was_hot ? now : now - (w.hot_since - r.entry->assembly_since);
  if (was_hot) begin_work(r, r.tier);
  if (r.is_lease && board) board->on_first_token(r.id, r.entry->spec.identity, now);  // the rest is its holder's time
  out(GrantRequest{r.id, w.id, r.entry->spec.identity, r.tier, r.is_retry, r.is_first_use});
}

// Requires: the worker has just shown that it lives.
void PoolCore::State::fill(Entry& e) {
  while (!e.waiting.empty() && e.worker->in_flight.size() < knobs.sequences) {
    Request& r = **e.waiting.begin();
    dequeue(r);
    grant(r);
  }
}

void PoolCore::State::refuse(Request& r, const Error& error) {
  judge(r, {});
  if (!r.is_granted) dequeue(r);
  out(RefuseRequest{r.id, error});
  requests.erase(r.id);
}

void PoolCore::State::refuse_all(Entry& e, const Error& error) {
  while (!e.waiting.empty()) refuse(**e.waiting.begin(), error);
}

// Its worker is gone. One retry, and only where the client has seen nothing yet.
void PoolCore::State::lose(Request& r) {
  if (r.has_first_token) return refuse(r, died_error("while it answered"));
  if (r.is_retry) return refuse(r, died_error("twice before the first token"));
  if (r.is_cancelled) return refuse(r, died_error("while the request was being cancelled"));
  r.is_granted = false;
  r.is_retry = true;
  enqueue(r);
}

void PoolCore::State::expire_deadlines() {
  while (!request_deadlines.empty() && request_deadlines.begin()->first <= now) {
    Request& r = requests.at(request_deadlines.begin()->second);
    refuse(r, make_error(Code::kDeadlineExceeded,
                         fmt::format("waited {:.0f} ms for the genome: {}", to_ms(now - r.arrived), why_waiting(*r.entry))));
  }
  while (!command_deadlines.empty() && command_deadlines.begin()->first <= now) {
    Command& c = commands.at(command_deadlines.begin()->second);
    finish(c, make_error(Code::kDeadlineExceeded,
                         fmt::format("not done after {:.0f} ms: {}", to_ms(now - c.arrived), why_waiting(*c.entry))));
  }
}

// Draining, or a base that will never fork again: nobody is kept waiting for a worker that will not come.
void PoolCore::State::refuse_hopeless() {
  if (!is_draining && !is_final) return;
  const Error error = is_draining ? busy_error(Code::kDraining, "the server is draining")
                                  : busy_error(Code::kUnavailable, "the base cannot start workers any more (GET /health says why): restart the server");
  for (auto& [identity, e] : entries) {
    const bool has_live_worker = e.worker && e.worker->state != WorkerState::kDying;
    if (e.seat != Seat::kNone && !e.worker) unseat(e);
    if (is_draining || !has_live_worker) refuse_all(e, error);
    fail_commands(e, error, [&](Want want) {
      return is_draining ? want == Want::kHot || want == Want::kWarm : want == Want::kHot && !has_live_worker;
    });
  }
}

std::string PoolCore::State::why_waiting(const Entry& e) const {
  if (e.worker) {
    switch (e.worker->state) {
      case WorkerState::kStarting: return "its worker was starting";
      case WorkerState::kIdle: return "its worker was making way for other genomes";
      case WorkerState::kProbing: return "its worker had not answered the health check";
      case WorkerState::kDying: return "its last worker was still being torn down";
      case WorkerState::kBusy: break;
    }
    if (e.is_parting()) return "its worker was finishing its requests to make way";
    return fmt::format("its worker was busy with {} requests", e.worker->in_flight.size());
  }
  if (e.is_building) return "its page was being built";
  if (!can_spawn) return "the base could not start workers";
  if (e.seat == Seat::kHeld) return "the bytes of an evicted worker were not free yet";
  if (is_shut_out(e)) return "pinned genomes hold pool.max_hot or pool.hot_bytes";
  return fmt::format("all HOT places were taken ({} of pool.max_hot {})", hot_seats(), knobs.max_hot);
}

}  // namespace genepool

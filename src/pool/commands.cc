// What operators, the library and the manager ask for: preload, load, evict, pin. A command stands until its wish is true,
// its deadline passes or it cannot come true; CommandDone says so once.
#include <algorithm>

#include "pool/state.h"

namespace genepool {
namespace {

Error pinned_error() { return Error{Code::kConflict, "it is pinned: unpin it first", "", std::nullopt}; }

}  // namespace

void PoolCore::State::handle(const BringTo& wish) {
  Entry& e = enter(wish.genome);
  const Want want = wish.goal == Goal::kCold ? Want::kCold : wish.goal == Goal::kHot ? Want::kHot : Want::kWarm;
  std::optional<Error> error;
  if (want == Want::kCold && e.is_pinned) {
    error = pinned_error();
  } else if (want != Want::kCold && is_draining) {
    error = busy_error(Code::kDraining, "the server is draining");
  } else if (waiting_total() >= knobs.queue && !holds(want, e)) {
    error = busy_error(Code::kQueueFull, "too much waits already (pool.queue)");
  } else if (want != Want::kCold && is_in_doubt(e) && !holds(want, e)) {
    error = busy_error(Code::kBreakerOpen, "its breaker is open, requests decide when it closes: reset it to bring the genome in yourself");
  }
  if (error) {
    refresh(e);
    return out(CommandDone{wish.command, false, *error});
  }
  if (want != Want::kCold) e.brought_use = ++last_use;
  add_command(e, wish.command, want, wish.deadline);
}

void PoolCore::State::handle(const Prewarm& guess) {
  Entry& e = enter(guess.genome);
  Entry* victim = guess.victim ? find(*guess.victim) : nullptr;
  const auto has_room = [&](std::uint32_t seats, std::uint64_t bytes) {
    return hot_seats() < knobs.max_hot + seats && hot_promised() + hot_need(e) <= knobs.hot_bytes + bytes;
  };
  const bool may_come = e.is_at_rest() && line.empty() && held.empty() && can_spawn && !is_draining && !is_in_doubt(e);
  const bool is_welcome = may_come && (has_room(0, 0) || (victim != nullptr && victim != &e && may_leave(*victim) && !is_expected(*victim) &&
                                                         has_room(1, victim->charged.bytes)));
  if (!is_welcome && !e.is_hot()) {
    refresh(e);
    return out(CommandDone{guess.command, false, Error{Code::kUnavailable, "no room for a guess, or not for this one", "", std::nullopt}});
  }
  e.protected_until = guess.protect_until;
  add_command(e, guess.command, Want::kHot, guess.deadline);
  if (e.is_hot()) return;
  if (!has_room(0, 0)) kill(*victim, KillReason::kEvicted);
  e.brought_use = ++last_use;
  seat(e);
}

void PoolCore::State::handle(const Demote& wish) {
  Entry* e = find(wish.identity);
  if (e == nullptr) return out(CommandDone{wish.command, true, {}});
  if (e->is_pinned) return out(CommandDone{wish.command, false, pinned_error()});
  add_command(*e, wish.command, Want::kDemoted, Instant::max());
}

// A pin brings nothing in: it keeps what is, or will be, HOT or WARM.
void PoolCore::State::handle(const SetPin& pin) {
  Entry& e = enter(pin.genome);
  e.is_pinned = pin.is_pinned;
  if (pin.is_pinned) {
    fail_commands(e, pinned_error(),
                  [](Want want) { return want == Want::kCold || want == Want::kDemoted; });
  }
  refresh(e);
}

void PoolCore::State::add_command(Entry& e, CommandId id, Want want, Instant deadline) {
  const std::uint64_t seq = ++last_seq;
  Command& c = commands[seq];
  c = {.id = id, .seq = seq, .entry = &e, .want = want, .arrived = now, .deadline = deadline};
  e.commands.push_back(&c);
  command_deadlines.emplace(deadline, seq);
  refresh(e);
}

bool PoolCore::State::holds(Want want, const Entry& e) {
  switch (want) {
    case Want::kHot: return e.is_hot();
    case Want::kWarm: return e.has_ready_page();
    case Want::kDemoted: return e.is_at_rest();
    case Want::kCold: break;
  }
  return e.is_at_rest() && !e.is_building && !e.has_page;
}

void PoolCore::State::pursue_commands() {
  for (auto it = commands.begin(); it != commands.end();) {
    Command& c = it->second;
    Entry& e = *c.entry;
    ++it;
    if (c.want == Want::kCold && e.has_page && e.is_at_rest()) drop_page(e);
    if (holds(c.want, e)) finish(c);
  }
}

void PoolCore::State::finish(Command& c, const std::optional<Error>& error) {
  Entry& e = *c.entry;
  out(CommandDone{c.id, !error, error.value_or(Error{})});
  std::erase(e.commands, &c);
  command_deadlines.erase({c.deadline, c.seq});
  commands.erase(c.seq);
  refresh(e);
}

}  // namespace genepool

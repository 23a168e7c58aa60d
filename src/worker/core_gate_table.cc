// Runs in the server and the workers.
#include "worker/core_gate_table.h"

#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace genepool {
namespace {

// Who computed that recently counts as a neighbour: two workers that take turns with two threads each lose a third of the
// throughput of one thread each.
constexpr Duration kNeighbour = std::chrono::milliseconds(20);

timespec to_timespec(Duration d) {
  return {static_cast<time_t>(d.count() / 1'000'000'000), static_cast<long>(d.count() % 1'000'000'000)};
}

void wake(std::atomic<std::uint32_t>& word) {
  word.fetch_add(1, std::memory_order_release);
  ::syscall(SYS_futex, reinterpret_cast<std::uint32_t*>(&word), FUTEX_WAKE, 1, nullptr, nullptr, 0);
}

}  // namespace

void wait_on(std::atomic<std::uint32_t>& word, std::uint32_t seen, Duration limit) {
  const timespec timeout = to_timespec(limit);
  ::syscall(SYS_futex, reinterpret_cast<std::uint32_t*>(&word), FUTEX_WAIT, seen, &timeout, nullptr, 0);
}

bool CoreGate::Shared::init_mutex() {
  pthread_mutexattr_t attributes;
  if (::pthread_mutexattr_init(&attributes) != 0) return false;
  const bool ok = ::pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED) == 0 &&
                  ::pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST) == 0 &&
                  ::pthread_mutex_init(&mutex, &attributes) == 0;
  ::pthread_mutexattr_destroy(&attributes);
  return ok;
}

// Bounded, because a process may be stopped (not dead) inside the lock.
bool CoreGate::Shared::lock(Duration limit) {
#ifdef __SANITIZE_THREAD__  // g++ 12's follows a robust mutex through trylock, but not through clocklock
  const Instant until = monotonic_now() + limit;
  int result = 0;
  while ((result = ::pthread_mutex_trylock(&mutex)) == EBUSY && monotonic_now() < until) ::sched_yield();
#else
  const timespec until = to_timespec(monotonic_now() + limit);
  const int result = ::pthread_mutex_clocklock(&mutex, CLOCK_MONOTONIC, &until);
#endif
  if (result == EOWNERDEAD) {
    ::pthread_mutex_consistent(&mutex);
    return true;
  }
  return result == 0;
}

int CoreGate::Shared::free_tickets() const {
  int held = 0;
  for (const Seat& seat : seats) held += seat.state == SeatState::kHolding ? seat.granted : 0;
  return cores - held;
}

Seat* CoreGate::Shared::next_waiting() {
  Seat* best = nullptr;
  for (Seat& seat : seats) {
    if (seat.state == SeatState::kWaiting && (best == nullptr || seat.used < best->used)) best = &seat;
  }
  return best;
}

int CoreGate::Shared::owed_elsewhere(const Seat& candidate, Instant now) const {
  return static_cast<int>(std::count_if(seats.begin(), seats.end(), [&](const Seat& seat) {
    return seat.state == SeatState::kIdle && now - seat.since < kReturnGrace && seat.used < candidate.used;
  }));
}

bool CoreGate::Shared::has_neighbour(const Seat& self, Instant now) const {
  return std::any_of(seats.begin(), seats.end(), [&](const Seat& seat) {
    if (&seat == &self || seat.state == SeatState::kFree) return false;
    return seat.state != SeatState::kIdle || now - seat.since < kNeighbour;
  });
}

void CoreGate::Shared::schedule(Instant now) {
  for (int free = free_tickets(); free > 0;) {
    Seat* seat = next_waiting();
    if (seat == nullptr) return;
    if (free <= owed_elsewhere(*seat, now)) return wake(seat->word);  // it looks again when the grace is over
    seat->granted = has_neighbour(*seat, now) ? 1 : std::min(seat->most, free);
    seat->since = now;
    seat->state = SeatState::kHolding;
    free -= seat->granted;
    wake(seat->word);
  }
}

// A newcomer, and who comes back after a pause, starts at the least time of the active ones.
void CoreGate::Shared::welcome(Seat& self, Instant now) {
  Instant least = Instant::max();
  for (const Seat& seat : seats) {
    if (&seat == &self || seat.state == SeatState::kFree) continue;
    if (seat.state != SeatState::kIdle || now - seat.since < kActive) least = std::min(least, seat.used);
  }
  if (least != Instant::max()) self.used = std::max(self.used, least);
}

}  // namespace genepool

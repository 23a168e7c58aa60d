// The table in shared memory behind CoreGate, and the rule by which tickets are given out. Only core_gate*.cc see it.
//
// A seat is idle -> waiting (enter) -> holding (a grant) -> idle (leave). Whoever changes the table hands out what became
// free (schedule), under the lock; a granted seat is woken through its futex word. Nothing is counted twice: the free
// tickets are always computed from the seats, so a process that dies between two writes leaves no wrong sum behind.
#pragma once

#include <pthread.h>

#include <array>
#include <atomic>

#include "worker/core_gate.h"

namespace genepool {

// A worker between two steps (messages read, tokens sent) is away for some 0.1 ms. When it is owed time the ticket waits
// this long for it; else a genome of short steps would get one step for each long prefill chunk of its neighbour.
inline constexpr Duration kReturnGrace = std::chrono::microseconds(700);
// After so long without a step a worker is a newcomer: it may not spend what it saved while idle, else it would keep its neighbours
// from the cores for as long as it was away (a second of credit made gaps of half a second between their tokens).
inline constexpr Duration kActive = std::chrono::milliseconds(20);

enum class SeatState : std::uint32_t { kFree, kIdle, kWaiting, kHolding };

struct Seat {
  SeatState state = SeatState::kFree;
  std::int32_t most = 0;     // tickets asked for
  std::int32_t granted = 0;  // tickets held
  std::uint64_t owner = 0;
  Instant used{};            // decode time, plus what a newcomer is credited
  Instant since{};           // of the grant while holding, of the last leave while idle
  std::atomic<std::uint32_t> word{0};  // futex: changes when the waiter is to look again
};

// Waits until wake() after `seen` was read, at most `limit`.
void wait_on(std::atomic<std::uint32_t>& word, std::uint32_t seen, Duration limit);

struct CoreGate::Shared {
  static constexpr std::uint64_t kMagic = 0x3165'7461'6765'726fULL;  // "oregate1"
  std::uint64_t magic = kMagic;
  pthread_mutex_t mutex;
  std::int32_t cores = 0;
  std::array<Seat, kSeats> seats;

  [[nodiscard]] bool init_mutex();
  [[nodiscard]] bool lock(Duration limit);
  void unlock() { ::pthread_mutex_unlock(&mutex); }

  [[nodiscard]] int free_tickets() const;
  [[nodiscard]] Seat* next_waiting();
  [[nodiscard]] int owed_elsewhere(const Seat& candidate, Instant now) const;
  [[nodiscard]] bool has_neighbour(const Seat& seat, Instant now) const;
  void schedule(Instant now);
  void welcome(Seat& seat, Instant now);
};

}  // namespace genepool

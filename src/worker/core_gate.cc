// Runs in the server and the workers.
//
// A seat is idle -> waiting (enter) -> holding (a grant) -> idle (leave). Whoever changes the table hands out what became
// free (schedule), under the lock; a granted seat is woken through its futex word. Nothing is counted twice: the free
// tickets are always computed from the seats, so a process that dies between two writes leaves no wrong sum behind.
#include "worker/core_gate.h"

#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <climits>
#include <new>

namespace genepool {
namespace {

constexpr std::uint64_t kMagic = 0x3165'7461'6765'726fULL;  // "oregate1"
constexpr Duration kPoll = std::chrono::milliseconds(50);
// A worker between two steps (messages read, tokens sent) is away for some 0.1 ms. When it is owed time the ticket waits
// this long for it; else a genome of short steps would get one step for each long prefill chunk of its neighbour.
constexpr Duration kReturnGrace = std::chrono::microseconds(700);
// Who computed that recently counts as a neighbour: two workers that take turns with two threads each lose a third of the
// throughput of one thread each.
constexpr Duration kNeighbour = std::chrono::milliseconds(20);
// After so long without a step a worker is a newcomer: it may not spend what it saved while idle.
constexpr Duration kActive = std::chrono::seconds(1);

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

timespec to_timespec(Duration d) {
  return {static_cast<time_t>(d.count() / 1'000'000'000), static_cast<long>(d.count() % 1'000'000'000)};
}

void wait_on(std::atomic<std::uint32_t>& word, std::uint32_t seen, Duration limit) {
  const timespec timeout = to_timespec(limit);
  ::syscall(SYS_futex, reinterpret_cast<std::uint32_t*>(&word), FUTEX_WAIT, seen, &timeout, nullptr, 0);
}

void wake(std::atomic<std::uint32_t>& word) {
  word.fetch_add(1, std::memory_order_release);
  ::syscall(SYS_futex, reinterpret_cast<std::uint32_t*>(&word), FUTEX_WAKE, 1, nullptr, nullptr, 0);
}

}  // namespace

struct CoreGate::Shared {
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
  const timespec until = to_timespec(monotonic_now() + limit);
  const int result = ::pthread_mutex_clocklock(&mutex, CLOCK_MONOTONIC, &until);
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

// ------------------------------------------------------------------------------------------------------------- set up

CoreGate::CoreGate(CoreGate&& other) noexcept
    : fd_(std::move(other.fd_)),
      shared_(std::exchange(other.shared_, nullptr)),
      seat_(std::exchange(other.seat_, -1)),
      owes_leave_(std::exchange(other.owes_leave_, false)),
      unreclaimed_(std::move(other.unreclaimed_)) {}

CoreGate& CoreGate::operator=(CoreGate&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(shared_, other.shared_);
  std::swap(seat_, other.seat_);
  std::swap(owes_leave_, other.owes_leave_);
  std::swap(unreclaimed_, other.unreclaimed_);
  return *this;
}

CoreGate::~CoreGate() {
  if (shared_ != nullptr) ::munmap(shared_, sizeof(Shared));
}

Result<CoreGate> CoreGate::create(int cores) {
  GENEPOOL_CHECK(cores >= 1, "{} cores", cores);
  UniqueFd fd(::memfd_create("core-gate", MFD_CLOEXEC));
  if (!fd.is_open() || ::ftruncate(fd.get(), sizeof(Shared)) != 0) return fail_errno("create the core gate", errno);
  void* memory = ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
  if (memory == MAP_FAILED) return fail_errno("map the core gate", errno);
  CoreGate gate;
  gate.fd_ = std::move(fd);
  gate.shared_ = new (memory) Shared;
  gate.shared_->cores = cores;
  if (!gate.shared_->init_mutex()) return fail(Code::kIo, "could not make the core gate's lock");
  return gate;
}

Result<CoreGate> CoreGate::open(UniqueFd fd) {
  void* memory = ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
  if (memory == MAP_FAILED) return fail_errno("map the core gate", errno);
  CoreGate gate;
  gate.fd_ = std::move(fd);
  gate.shared_ = static_cast<Shared*>(memory);
  if (gate.shared_->magic != kMagic) return fail(Code::kBadRequest, "the descriptor is no core gate");
  return gate;
}

// ------------------------------------------------------------------------------------------------------------ workers

Result<void> CoreGate::sit(std::uint64_t owner) {
  GENEPOOL_CHECK(shared_ != nullptr && seat_ < 0);
  if (!shared_->lock(std::chrono::seconds(5))) return fail(Code::kUnavailable, "the core gate is locked");
  for (std::size_t i = 0; i < kSeats && seat_ < 0; ++i) {
    Seat& seat = shared_->seats[i];
    if (seat.state != SeatState::kFree) continue;
    seat.owner = owner;
    seat.granted = 0;
    seat.used = {};
    seat.since = {};
    seat.state = SeatState::kIdle;
    seat_ = static_cast<int>(i);
  }
  shared_->unlock();
  if (seat_ < 0) return fail(Code::kUnavailable, "all {} seats of the core gate are taken", kSeats);
  return {};
}

bool CoreGate::lock_or_give_up(const std::function<bool()>& give_up) {
  while (!shared_->lock(kPoll)) {
    if (!give_up()) continue;
    owes_leave_ = true;  // of whatever the seat waits for or was granted meanwhile
    return false;
  }
  if (std::exchange(owes_leave_, false)) give_back();
  return true;
}

int CoreGate::enter(int most, const std::function<bool()>& give_up) {
  GENEPOOL_CHECK(seat_ >= 0 && most >= 1, "seat {}, most {}", seat_, most);
  Seat& seat = shared_->seats[static_cast<std::size_t>(seat_)];
  if (!lock_or_give_up(give_up)) return 0;
  Instant now = monotonic_now();
  Instant next_poll = now + kPoll;
  if (now - seat.since >= kActive) shared_->welcome(seat, now);
  seat.most = most;
  seat.state = SeatState::kWaiting;
  for (;;) {
    shared_->schedule(now);
    if (seat.state == SeatState::kHolding) break;
    const std::uint32_t seen = seat.word.load(std::memory_order_acquire);
    const Duration wait = shared_->owed_elsewhere(seat, now) > 0 ? kReturnGrace : kPoll;
    shared_->unlock();
    wait_on(seat.word, seen, wait);
    now = monotonic_now();
    const bool gives_up = now >= next_poll && give_up();
    if (now >= next_poll) next_poll = now + kPoll;
    if (!lock_or_give_up(give_up)) return 0;
    if (gives_up) {
      give_back();
      shared_->unlock();
      return 0;
    }
  }
  const int granted = seat.granted;
  shared_->unlock();
  return granted;
}

void CoreGate::leave() {
  // A lock that is not to be had is held by a stopped process: the tickets go back at the next enter().
  owes_leave_ = !shared_->lock(kPoll);
  if (owes_leave_) return;
  give_back();
  shared_->unlock();
}

// Under the lock: out of whatever the seat waits for or holds.
void CoreGate::give_back() {
  Seat& seat = shared_->seats[static_cast<std::size_t>(seat_)];
  const Instant now = monotonic_now();
  if (seat.state == SeatState::kHolding) seat.used += now - seat.since;
  seat.state = SeatState::kIdle;
  seat.granted = 0;
  seat.since = now;
  shared_->schedule(now);
}

// ------------------------------------------------------------------------------------------------------------- server

void CoreGate::reclaim(std::uint64_t owner) {
  unreclaimed_.push_back(owner);
  // The server must not wait for a worker that is stopped inside the lock; it is killed soon, and reclaimed with the rest.
  if (!shared_->lock(std::chrono::milliseconds(20))) return;
  for (Seat& seat : shared_->seats) {
    const bool is_gone = seat.state != SeatState::kFree &&
                         std::find(unreclaimed_.begin(), unreclaimed_.end(), seat.owner) != unreclaimed_.end();
    if (!is_gone) continue;
    seat.state = SeatState::kFree;
    seat.granted = 0;
  }
  unreclaimed_.clear();
  shared_->schedule(monotonic_now());
  shared_->unlock();
}

CoreGate::Usage CoreGate::usage() const {
  Usage usage;
  usage.cores = shared_->cores;
  // Without the lock: numbers for a gauge, and no worker may hold up the server.
  for (const Seat& seat : shared_->seats) {
    usage.held += seat.state == SeatState::kHolding ? seat.granted : 0;
    usage.waiting += seat.state == SeatState::kWaiting ? 1 : 0;
  }
  return usage;
}

}  // namespace genepool

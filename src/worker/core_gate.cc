// Runs in the server and the workers.
#include "worker/core_gate.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <new>
#include <utility>

#include "worker/core_gate_table.h"

namespace genepool {
namespace {

constexpr Duration kPoll = std::chrono::milliseconds(50);

}  // namespace

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
  if (gate.shared_->magic != Shared::kMagic) return fail(Code::kBadRequest, "the descriptor is no core gate");
  return gate;
}

// ------------------------------------------------------------------------------------------------------------ workers

Result<void> CoreGate::sit(std::uint64_t owner) {
  GENEPOOL_CHECK(shared_ != nullptr);
  if (seat_ >= 0) return {};
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

// CoreGate: the sum of threads that compute over all workers never exceeds the cores: beyond
// that the engine's spin barriers collapse (201 -> 9 tokens/s on 2 cores). A table in shared memory: `cores` tickets, one seat per
// worker. A worker takes tickets for one decode step and gives them back after it; who waits is served in order of decode
// time used so far (start-time fair: a newcomer starts at the least time of the active ones), so genomes get equal shares.
// Owner: the server creates it and passes the descriptor to each zygote; workers inherit the mapping. Thread: any process,
// one thread each. A process that dies holding tickets or the lock hurts nobody: the lock is robust, and the server calls
// reclaim() when the pidfd fires.
// Use (worker):  gate.sit(worker_id); int threads = gate.enter(2, idle_check); decode(threads); gate.leave();
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory_file.h"
#include "base/unique_fd.h"

namespace genepool {

class CoreGate {
 public:
  static constexpr std::size_t kSeats = 72;  // 64 HOT genomes, the spare, those that are on their way out, probes

  CoreGate() = default;
  CoreGate(CoreGate&& other) noexcept;
  CoreGate& operator=(CoreGate&& other) noexcept;
  ~CoreGate();

  // Server: `cores` >= 1 tickets.
  [[nodiscard]] static Result<CoreGate> create(int cores);
  // Zygote: maps what the server passed.
  [[nodiscard]] static Result<CoreGate> open(UniqueFd fd);
  [[nodiscard]] int fd() const { return fd_.get(); }

  // Worker: takes a seat under its id, if it has none yet. kUnavailable: all seats taken.
  [[nodiscard]] Result<void> sit(std::uint64_t owner);
  // Worker: waits for 1 to `most` tickets (more than 1 only when nobody waits) and returns how many; 0 when `give_up`
  // (called about every 50 ms while waiting) said so. Requires: sit().
  [[nodiscard]] int enter(int most, const std::function<bool()>& give_up);
  // Worker: gives the tickets back; the time since enter() counts as used.
  void leave();

  // Server: frees the seat and the tickets of a worker that is gone. No effect when it has none.
  void reclaim(std::uint64_t owner);
  // Server: for metrics and tests.
  struct Usage {
    int cores = 0, held = 0, waiting = 0;
  };
  [[nodiscard]] Usage usage() const;

 private:
  struct Shared;
  [[nodiscard]] bool lock_or_give_up(const std::function<bool()>& give_up);
  void give_back();

  UniqueFd fd_;
  Shared* shared_ = nullptr;
  int seat_ = -1;                            // worker
  bool owes_leave_ = false;                  // worker: leave() could not get the lock
  std::vector<std::uint64_t> unreclaimed_;   // server: reclaim() could not get the lock
};

}  // namespace genepool

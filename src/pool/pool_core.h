// PoolCore: which genome is HOT, WARM or COLD, who waits, who is served, who leaves. A state machine without thread, clock,
// I/O or chance (the breakers' waits are drawn from a seed): on(event, now, sink) is its only input, the sink its only output (ADR 0003).
// Owner: the runtime (one strand), the simulator, or a test. Thread: one at a time, no locks inside.
// Use:   PoolCore pool(knobs);
//        pool.on(Arrive{...}, now, sink);           // actions come out during the call
//        timer.expire_at(pool.next_wakeup());       // then pool.on(Tick{}, now, sink)
//
// A genome's life:       COLD --BuildPage--> WARM --SpawnWorker--> HOT --KillWorker--> WARM --DropPage--> COLD
// A worker's life:       starting -> idle <-> probing -> busy (1..sequences in flight) -> dying -> gone
//                        idle and chosen as victim, over its TTL, or released with keep_hot = false: dying
//                        busy and asked to yield (someone waits and its turn is over): grants nothing new, then dying
//                        (the wait ended first: it keeps its place)
// A request's life:      waiting -> granted -> released, or refused, or cancelled; never two of them
//
// Invariants (checked in debug builds after every event, and by the property test): at most one live worker per identity;
// HOT workers <= max_hot (dying ones do not count, their bytes do until WorkerGone); tier bytes within budget; busy or
// pinned is never evicted; every request ends once; who tries a genome again has not ended. After a knob shrank, HOT may be over it until busy workers have yielded,
// but only gets nearer; WARM pages that are pinned leave last; layers that a build reads from RAM stay until it is done.
// Not here: doing any of it (runtime/), thrashing (thrash.h), what a request costs (metrics/).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pool/events.h"
#include "pool/policy.h"

namespace genepool {

using ActionSink = std::function<void(const Action&)>;

enum class WorkerState : std::uint8_t { kStarting, kIdle, kProbing, kBusy, kDying };

// A copy of what is resident, for `ps`, /api/tiers and the manager.
struct GenomeStatus {
  Identity identity;
  Tier tier = Tier::kCold;
  bool is_pinned = false, is_assembling = false, is_yielding = false;
  std::optional<WorkerId> worker;
  WorkerState worker_state = WorkerState::kStarting;  // meaningful with a worker
  std::uint64_t page_bytes = 0;
  std::uint32_t in_flight = 0, waiting = 0;
  std::uint64_t requests = 0;
  Instant last_time{};
};
struct PoolSnapshot {
  std::vector<GenomeStatus> genomes;  // every genome that is not COLD, waits, or is pinned
  std::uint64_t hot_bytes = 0, warm_page_bytes = 0, layer_bytes = 0;
  std::uint32_t hot = 0, warm = 0, waiting = 0, in_flight = 0;
  Knobs knobs;
  PolicyStatus hot_policy, warm_policy;
};

class PoolCore {
 public:
  explicit PoolCore(const Knobs& knobs);
  ~PoolCore();

  // The sink is called during the call and must not call on(); a `now` before the last one counts as the last one.
  void on(const Event& event, Instant now, const ActionSink& sink);

  // When a Tick is due at the latest; Instant::max() when nothing is.
  [[nodiscard]] Instant next_wakeup() const;
  [[nodiscard]] PoolSnapshot snapshot() const;
  [[nodiscard]] std::vector<GenomeBreakers> breakers(Instant now) const;  // those that are kept out, or were lately
  [[nodiscard]] PolicyStatus hot_policy() const;
  [[nodiscard]] PolicyStatus warm_policy() const;

  // "" when every invariant holds, else the first that does not.
  [[nodiscard]] std::string check_invariants() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace genepool

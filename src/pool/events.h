// What PoolCore is told and what it asks for: plain data. Order and time of events are the runtime's; the same events
// give the same actions, byte for byte (event_log.h writes and reads them).
// Units: bytes; Instant and Duration are nanoseconds. Thread: values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "genome/genome.h"
#include "pool/breaker_news.h"
#include "pool/policy.h"

namespace genepool {

using RequestId = std::uint64_t;  // never reused while the server runs
using WorkerId = std::uint64_t;   // never reused while the server runs
using CommandId = std::uint64_t;

enum class Tier : std::uint8_t { kCold, kWarm, kHot };

struct LayerCharge {
  LayerId id;
  std::uint64_t bytes = 0;
};

// What the pool must know of a genome: the first event that names it carries it.
struct GenomeSpec {
  Identity identity;
  std::uint64_t page_bytes = 0;      // an upper bound until the page is built; 0 for the bare base
  std::vector<LayerCharge> layers;   // distinct layers of its stack
};

// ------------------------------------------------------------------------------------------------ events
// A request (or a library lease) wants the genome. One that was refused may arrive anew, for another genome.
struct Arrive {
  RequestId request = 0;
  GenomeSpec genome;
  Instant deadline{};
  std::uint64_t user = 0;  // a number for whoever asks, 0 = not known; nothing to the pool, for who reads its events
  bool is_lease = false;   // its holder may let the worker wait: how fast it answers says nothing of the genome
};
struct Cancel {  // its client is gone; unknown or ended requests are ignored
  RequestId request = 0;
};
struct FirstToken {  // from here on a dead worker cannot be hidden by a retry
  RequestId request = 0;
};
// A granted request is over; keep_hot = false: demote to WARM when idle, unless it is granted to again before. Of a request
// that waits for its retry it is the end too: its answer was complete when its worker died.
struct Release {
  RequestId request = 0;
  bool keep_hot = true;
  // What its genome's breakers learn from it. Neither an answer nor an error: nothing.
  bool is_answered = false;    // to its end
  std::uint32_t tokens = 0;    // of the answer
  Duration decode{};           // that those after the first took
  std::optional<Error> error;  // why the engine gave none
};
struct PageBuilt {
  Identity identity;
  std::uint64_t page_bytes = 0;  // above GenomeSpec::page_bytes: the page is dropped and its requests are refused
  std::vector<LayerCharge> loaded;  // layers that are now in RAM because of it
};
struct PageFailed {  // what was loaded for it is not kept
  Identity identity;
  Error error;
};
struct WorkerReady {  // forked, attached, reserved
  WorkerId worker = 0;
};
struct WorkerFailed {  // could not be forked or could not attach; its process is gone or being killed by the runtime
  WorkerId worker = 0;
  Error error;
};
struct WorkerGone {  // its pidfd fired: killed by us or by anyone
  WorkerId worker = 0;
};
struct WorkerAlive {  // any sign of life while it computes (heartbeat, tokens); at most ten events in stuck_after, and one a second, per worker
  WorkerId worker = 0;
};
struct WorkerMeasured {  // every few seconds while it is HOT
  WorkerId worker = 0;
  std::uint64_t own_bytes = 0;  // that nobody else has: what its end would give back
};
struct ProbeAnswered {
  WorkerId worker = 0;
};
enum class Goal : std::uint8_t { kWarm, kHot, kCold };  // Goal::kWarm of a HOT genome demotes nothing
// A wish that holds already is done at once, whatever waits. kCold and Demote of a genome being assembled let those who
// wait for it be served first.
struct BringTo {  // preload (kWarm), warmup/load (kHot), evict (kCold: drop the page too)
  CommandId command = 0;
  GenomeSpec genome;
  Goal goal = Goal::kHot;
  Instant deadline{};
};
// A guess that the genome will be wanted: HOT if there is room now, or if `victim` may leave for it now; else CommandDone with
// kUnavailable. Waits for nobody, keeps nobody waiting. Until `protect_until` it leaves after all others.
struct Prewarm {
  CommandId command = 0;
  GenomeSpec genome;
  std::optional<Identity> victim;
  Instant protect_until{};
  Instant deadline{};
};
struct Demote {  // evict from HOT: a busy worker drains first; the page stays WARM. kConflict when pinned
  CommandId command = 0;
  Identity identity;
};
struct SetPin {
  GenomeSpec genome;
  bool is_pinned = true;
};
struct LayerGone {  // removed from the store, or found corrupt: its bytes must not be used again
  LayerId layer;
};
struct LayerChanged {  // added, or its file is another one now: what was kept out because of it may be tried again
  LayerId layer;
};
enum class BreakerWish : std::uint8_t { kOpen, kDisable, kReset };
struct SetBreaker {  // an operator's, for both breakers of the genome: keep it out, let all in, as new
  Identity identity;
  BreakerWish wish = BreakerWish::kReset;
};
struct BaseState {  // a base's zygote can or cannot fork; while it cannot, arrivals of COLD and WARM genomes wait or end
  bool can_spawn = true;
  bool is_final = false;  // given up: refuse at once
};
struct Knobs {
  std::uint32_t max_hot = 3;
  std::uint64_t hot_bytes = 0;           // pages + KV of HOT genomes
  std::uint64_t kv_bytes_per_worker = 0; // charged per worker at admission
  std::uint32_t warm_max_genomes = 20;
  std::uint64_t warm_bytes = 0;          // WARM pages, then layers
  std::uint32_t sequences = 4;           // requests of one genome in flight
  std::uint32_t queue = 512;             // requests waiting, all genomes together
  std::uint32_t genome_queue = 0;        // of these, for one genome; 0 = no bound of its own
  Duration idle_ttl{};                   // 0 = none
  double idle_gb_second = 0;             // not 0: instead of idle_ttl each genome its own limit (idle_limit.h); seconds of load that a GB-second is worth
  Duration turn{};                       // once HOT under contention, a busy genome keeps its worker this long
  Duration stuck_after{};                // busy and silent this long = stuck; 0 = never
  Duration probe_timeout{};              // an idle worker must answer within; 0 = no bound
  std::uint64_t worker_growth = 0;       // a worker with so much more of its own than it is charged is replaced; 0 = never
  PolicyKind hot_policy = PolicyKind::kLru, warm_policy = PolicyKind::kLru;
  Duration min_residency{};              // who came in less than this ago leaves after all others; twice its load time at least
  Duration load_prior = std::chrono::milliseconds(10);  // what a load is taken to cost before any was measured
  bool has_breakers = true;              // off: all that they know is forgotten
  bool operator==(const Knobs&) const = default;
};
struct SetKnobs {
  Knobs knobs;
};
struct Drain {};  // no new arrivals (refused with kDraining), running ones finish
struct Tick {};   // the time of next_wakeup() has come

using Event = std::variant<Arrive, Cancel, FirstToken, Release, PageBuilt, PageFailed, WorkerReady, WorkerFailed, WorkerGone,
                           WorkerAlive, WorkerMeasured, ProbeAnswered, BringTo, Prewarm, Demote, SetPin, LayerGone, LayerChanged, SetBreaker, BaseState, SetKnobs,
                           Drain, Tick>;

// ------------------------------------------------------------------------------------------------ actions
// Per Arrive: RefuseRequest, or GrantRequest and then Release; nothing more once it was cancelled while it waited. When its
// worker dies a granted request is granted anew (is_retry) or refused; then no Release is sent for it.
struct GrantRequest {
  RequestId request = 0;
  WorkerId worker = 0;
  Identity identity;
  Tier tier = Tier::kHot;  // where the genome was when the request arrived; joiners have their assembly's tier
  bool is_retry = false;   // granted before to a worker that died before the first token
  bool is_first_use = false;  // of its genome, as far as the pool remembers
};
struct RefuseRequest {
  RequestId request = 0;
  Error error;
  bool is_kept_out = false;  // by its genome's breaker
};
// One PageBuilt or PageFailed must follow, in bounded time: the pool does not watch it. Never asked for the bare base, which
// has no page: its SpawnWorker comes without one.
struct BuildPage {  // read `missing` from the store, fuse, answer PageBuilt or PageFailed
  Identity identity;
  std::vector<LayerId> missing;
  bool is_ahead = false;  // those who want it wait for a place meanwhile
};
struct SpawnWorker {  // one WorkerReady, WorkerFailed or WorkerGone must follow, in bounded time: the pool does not watch it
  WorkerId worker = 0;
  Identity identity;
};
struct BroughtIn {  // news, nothing to do: the genome is HOT
  WorkerId worker = 0;
  Identity identity;
  Tier from = Tier::kCold;
  Duration took{};   // since it was given its place
  Duration spawn{};  // of that, since its page was there: what it costs to bring in again while its page stays WARM
};
struct ProbeWorker {  // answer ProbeAnswered; the pool watches the time
  WorkerId worker = 0;
};
enum class KillReason : std::uint8_t { kEvicted, kIdleTtl, kReleased, kDemoted, kStuck, kProbeFailed, kDraining, kLeaking };
[[nodiscard]] std::string_view kill_reason_name(KillReason reason);  // "evicted"
struct KillWorker {  // SIGKILL; WorkerGone follows. For kStuck and kProbeFailed it may have requests in flight
  WorkerId worker = 0;
  Identity identity;
  KillReason reason = KillReason::kEvicted;
};
struct CancelOnWorker {
  RequestId request = 0;
  WorkerId worker = 0;
};
struct DropPage {
  Identity identity;
};
struct DropLayer {
  LayerId layer;
};
struct CommandDone {  // error.code is meaningful only when !is_ok
  CommandId command = 0;
  bool is_ok = true;
  Error error;
};

using Action = std::variant<GrantRequest, RefuseRequest, BuildPage, SpawnWorker, BroughtIn, ProbeWorker, KillWorker, CancelOnWorker,
                            DropPage, DropLayer, CommandDone, BreakerChanged>;

}  // namespace genepool

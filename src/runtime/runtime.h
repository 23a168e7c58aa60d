// Runtime: joins the deciders (pool/) and the doers (store, engine workers) in real time. One thread, the strand, owns the
// PoolCore, the zygote's and workers' sockets, pidfds and timers; loader threads read and fuse; everything slow comes back
// to the strand as an event. The server (api/) and the public library (include/genepool/pool.h) are thin faces on it.
// Owner: main() or a GenomePool. Thread: every public call may come from any thread and does not block unless it says so;
// callbacks and sinks are called on the strand and must return at once.
// Use:   GENEPOOL_TRY(std::unique_ptr<Runtime> runtime, Runtime::open(config));
//        GENEPOOL_TRY(ResolvedGenome genome, runtime->resolve("base+pirate:0.8"));
//        runtime->generate(genome, params, sink);
// Not here: HTTP, JSON, command line.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "config/config.h"
#include "genome/base_model.h"
#include "genome/genome.h"
#include "import/import.h"
#include "manager/notices.h"
#include "metrics/metrics.h"
#include "pool/pool_core.h"
#include "pool/thrash.h"
#include "runtime/event_feed.h"
#include "runtime/kv_shelf.h"
#include "runtime/trace_recorder.h"
#include "store/history.h"
#include "store/store.h"
#include "worker/messages.h"

namespace genepool {

// What a `model` field means at this moment. Keeps its meaning while in use, whatever happens to the name.
struct ResolvedGenome {
  std::string name;                 // as asked for: a genome's name, "base", or an inline stack
  Genome genome;
  Identity identity;
  VersionId version;
  std::vector<NamedEntry> stack;    // parallel to genome.stack
  std::vector<LayerCharge> layers;  // the distinct ones
  std::string system_prompt;        // "" = none
  std::string default_parameters;   // JSON object text, "" = none
};

// ---------------------------------------------------------------------------- what a request cost (keys: docs/reference/http-api.md)
struct LayerReceipt {
  std::string layer;
  float weight = 1.0F;
  double load_ms = 0, stack_ms = 0;
};
struct Receipt {
  std::string request;              // GenerateParams::label
  std::string genome;               // the name asked for; of a fallback its own
  std::string fallback_for;         // the name asked for, when another genome answered
  std::string version;              // hex
  std::string identity;             // hex
  Tier tier = Tier::kHot;
  double acquire_ms = 0;            // arrival to grant: queue + assembly + the worker's health check
  double queue_ms = 0;              // acquire less the assembly
  double layer_load_ms = 0, layer_stack_ms = 0, process_spawn_ms = 0;
  double inference_ms = 0, prefill_ms = 0, decode_ms = 0, first_token_ms = 0;  // first_token: from arrival
  std::optional<double> process_teardown_ms;  // the victim's, when it was gone before the answer ended
  double total_ms = 0;
  double assembly_ratio = 0;        // (layer_load + layer_stack) / inference
  std::vector<std::string> evicted; // names of genomes that left HOT for this one
  std::vector<LayerReceipt> layers;
  std::uint64_t worker = 0;
  bool is_retry = false;
};
struct Outcome {
  std::optional<Error> error;       // none: it was answered
  FinishReason reason = FinishReason::kStop;
  std::uint32_t prompt_tokens = 0, cached_tokens = 0, completion_tokens = 0;
  Receipt receipt;
};

// Called on the strand, in this order: on_stage*, on_accepted, on_tokens*, on_end exactly once (also after cancel()).
class ResponseSink {
 public:
  virtual ~ResponseSink() = default;
  virtual void on_stage(std::string_view stage) { (void)stage; }  // "queued", "layer_load", "process_spawn", ...
  // The genome asked for is kept out: one that its client allowed instead is asked now. Before on_accepted.
  virtual void on_fallback(const Receipt& receipt) { (void)receipt; }
  virtual void on_accepted(std::uint32_t prompt_tokens, std::uint32_t cached_tokens) = 0;
  virtual void on_tokens(const TokensOut& tokens) = 0;
  virtual void on_end(const Outcome& outcome) = 0;
};

// Who may answer instead when a genome's breaker keeps it out; the prompt is what the client said, as this genome is asked it.
struct Fallback {
  ResolvedGenome genome;
  Prompt prompt;
};

struct GenerateParams {
  std::string label;                // what its client calls it, for those who watch
  Prompt prompt;
  SamplingParams sampling;
  std::vector<std::string> stop;
  std::uint32_t max_tokens = 0;     // 0 = until the context is full
  bool ignore_end = false;
  bool keep_hot = true;
  std::optional<Duration> deadline; // for the wait; none = pool.deadline
  std::vector<Fallback> fallbacks;  // in the order they are tried; when none may answer, the last one's error
  std::uint64_t user = 0;           // 64 bits of SHA-256 over who asks, by the client's word; 0 = not told
};

// ---------------------------------------------------------------------------- what `ps`, /api and stats show
struct ResidentRow {
  std::string name;                 // newest name it was asked for
  GenomeStatus status;
  std::int32_t pid = 0;             // of its worker, 0 = none
  std::uint64_t pss_bytes = 0, private_bytes = 0;  // from smaps_rollup, 0 = unknown
  double idle_ms = 0;
  std::string_view breaker;         // the state of one that is shut, "" = none; such a genome is a row also while it is COLD
};
enum class BasePhase { kLoading, kReady, kRestarting, kFailed };
struct RequestRow {
  std::string label, genome;
  std::string_view stage;           // "queue", "assembly", "prefill" or "decode"
  double ms = 0;                    // since it arrived
  std::uint32_t tokens = 0;         // answered so far
};
struct BreakerRow {
  std::string name;                 // newest name it was asked for
  GenomeBreakers breakers;
};
using ThrashAlarm = std::function<void(const ThrashState&, const ThrashCauses&)>;

struct RuntimeStatus {
  std::vector<ResidentRow> residents;
  std::vector<RequestRow> requests; // with a client that waits; leases without a generation are not among them
  PoolSnapshot pool;
  std::vector<BreakerRow> breakers; // not closed, or lately not; by identity
  Instant as_of{};                  // of all this
  KvShelf::Usage kv;                // saved, of genomes that left HOT
  std::uint64_t kv_limit_bytes = 0;
  ThrashState thrash;
  ThrashCauses thrash_causes;
  BasePhase base_phase = BasePhase::kLoading;
  std::string base_error;           // why, when kFailed or kRestarting
  EngineInfo engine;
  std::int32_t zygote_pid = 0, spare_pid = 0;
  double uptime_ms = 0, evictions_last_minute = 0;
  ManagerStatus manager;
  std::string manager_mode;         // "off", "advise", "on"
  std::string manager_static;       // why it does not run although it should, "" = it does
  std::int32_t manager_pid = 0;
};

class Runtime {
 public:
  // Opens the store, starts the strand and the base's zygote; returns while the base still loads.
  // kNotFound: no base known (the message says how to get one). kConflict: the data directory is in use.
  [[nodiscard]] static Result<std::unique_ptr<Runtime>> open(const Config& config);
  // Ends every worker and the zygote. Blocks some milliseconds. Requests still open end with kDraining.
  virtual ~Runtime() = default;

  // Reads the catalog; blocks below a millisecond. kGenomeNotFound and kLayerNotFound name the nearest. kBadRequest.
  [[nodiscard]] virtual Result<ResolvedGenome> resolve(std::string_view model) = 0;
  // What a row of the catalog means, also one of Store::preview(), which no name points to yet.
  [[nodiscard]] virtual Result<ResolvedGenome> resolve(const GenomeRow& row) = 0;

  virtual RequestId generate(const ResolvedGenome& genome, GenerateParams params, std::shared_ptr<ResponseSink> sink) = 0;
  // Its sink still gets on_end, with kCancelled. Unknown and ended ids are ignored.
  virtual void cancel(RequestId request) = 0;

  // ---- leases (the library): the genome stays HOT for the lease until release(), which completes its Receipt.
  struct LeaseGrant {
    RequestId lease = 0;
    Receipt receipt;  // its times up to the grant
  };
  using LeaseCallback = std::function<void(Result<LeaseGrant>)>;
  virtual RequestId acquire(const ResolvedGenome& genome, Duration deadline, LeaseCallback done) = 0;
  // One at a time per lease. kBadRequest (to the sink) when the lease is not granted.
  virtual void generate_on(RequestId lease, GenerateParams params, std::shared_ptr<ResponseSink> sink) = 0;
  virtual void release(RequestId lease, bool keep_hot, std::function<void(Receipt)> done) = 0;

  // ---- operator
  using Done = std::function<void(Result<void>)>;
  virtual void bring_to(const ResolvedGenome& genome, Goal goal, Done done) = 0;  // kWarm preload, kHot warmup, kCold
  virtual void demote(const ResolvedGenome& genome, Done done) = 0;               // HOT -> WARM, drains first
  virtual void set_pin(const ResolvedGenome& genome, bool is_pinned, Done done) = 0;
  // Its layers leave RAM (a running worker keeps its page): the next assembly reads them again. For measuring.
  virtual void drop_layers(const ResolvedGenome& genome, Done done) = 0;
  // A session opens soon, says whoever may know. kQueueFull with retry_after, kBadRequest, kGenomeNotFound (no genome named, and
  // the user's last one is not known), kUnavailable (there is no manager).
  struct ExpectedFrom {
    std::optional<ResolvedGenome> genome;  // none: the user's last one
    std::uint64_t user = 0, source = 0;    // 0 = not known
    Duration eta{}, ttl = std::chrono::minutes(1);
  };
  virtual void expect_session(const ExpectedFrom& session, Done done) = 0;
  virtual void set_breaker(const ResolvedGenome& genome, BreakerWish wish, Done done) = 0;  // kConflict: breaker.mode is off
  virtual Result<void> set_param(std::string_view name, std::string_view value) = 0;  // live ones; blocks for the strand
  virtual void drain(std::function<void()> done) = 0;

  // Calls `listener` on the strand with what happens, see EventFeed::follow(); before, `begun` with what is_complete_after() says.
  virtual void follow_events(std::optional<std::uint64_t> after, std::function<void(bool is_complete)> begun, EventFeed::Listener listener) = 0;

  // What was decided, newest first, and one of them (kNotFound). kUnavailable: the history cannot be kept. Block on disk.
  [[nodiscard]] virtual Result<std::vector<Decision>> decisions(const DecisionQuery& query) = 0;
  [[nodiscard]] virtual Result<Decision> decision(std::uint64_t id) = 0;

  // Told on the strand when the thrashing alarm rises or falls; one listener.
  virtual void on_thrash_alarm(ThrashAlarm listener) = 0;

  // Blocks for the strand (tens of microseconds), and for /proc when `with_memory`. Brings the metrics' gauges up to date.
  [[nodiscard]] virtual RuntimeStatus status(bool with_memory) = 0;
  [[nodiscard]] virtual bool is_ready() = 0;       // the base is loaded and can fork; cheap
  // What is recorded of the requests (trace.record). Blocks on the disk.
  [[nodiscard]] virtual TraceStatus trace_status() = 0;
  // Waits until the base is ready or has failed. Blocks.
  [[nodiscard]] virtual Result<void> wait_ready(Duration timeout) = 0;

  // Imports a layer, tries it out in a worker of its own and adds it: blocks on disk and for the engine (and for the base, while
  // that loads); call it through offload() from an event loop. kLayerRejected: it does not fit, kills the engine, or has no
  // effect.
  struct NewLayer {
    std::string path, name;
    bool force = false;  // also one without any effect, or made for a base of another name
  };
  [[nodiscard]] virtual Result<LayerRow> add_layer(const NewLayer& layer) = 0;
  // Blocks on disk.
  [[nodiscard]] virtual Result<void> remove_layer(std::string_view name) = 0;
  // Imports `path` and compares it with the layer: "" when it is the same, else what is not. Stores nothing. Blocks.
  [[nodiscard]] virtual Result<std::string> reimport(const std::string& path, std::string_view name) = 0;
  // The catalog's, and what the change means for memory: a stack that has lost its last name loses its pin, and leaves
  // once its requests have ended. Block on disk too.
  [[nodiscard]] virtual Result<GenomeRow> create_genome(const Store::NewGenome& genome) = 0;
  [[nodiscard]] virtual Result<std::vector<GenomeRow>> create_genomes(std::span<const Store::NewGenome> genomes) = 0;
  [[nodiscard]] virtual Result<GenomeRow> copy_genome(const Store::CopyGenome& copy) = 0;
  [[nodiscard]] virtual Result<GenomeRow> roll_back(const Store::Rollback& back) = 0;
  [[nodiscard]] virtual Result<void> remove_genome(std::string_view name) = 0;
  [[nodiscard]] virtual Result<Garbage> collect_garbage(bool dry_run) = 0;
  // Runs on a thread for errands; long ones (they wait for the engine) have threads of their own and keep nobody from looking.
  enum class Errand { kQuick, kLong };
  virtual void offload(std::function<void()> blocking_work, Errand kind = Errand::kQuick) = 0;

  [[nodiscard]] virtual Config config() = 0;                 // a copy, as it is now
  [[nodiscard]] virtual const BaseModel& base() const = 0;   // immutable after open
  [[nodiscard]] virtual const std::string& base_path() const = 0;
  [[nodiscard]] virtual Store& store() = 0;
  [[nodiscard]] virtual Metrics& metrics() = 0;
};

}  // namespace genepool

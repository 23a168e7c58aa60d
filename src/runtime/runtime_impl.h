// RuntimeImpl: see runtime.h. Its files: runtime.cc = opening, operator calls, status; runtime_names.cc = names that move;
// runtime_requests.cc = requests and the pool's actions; runtime_workers.cc = what processes report; runtime_breakers.cc = who is kept out and who answers
// instead; runtime_manager.cc = what the manager is told and wants.
#pragma once

#include <array>
#include <atomic>
#include <future>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "manager/observer.h"
#include "pool/knobs_of_config.h"
#include "runtime/assembly.h"
#include "runtime/kv_shelf.h"
#include "runtime/ledger.h"
#include "runtime/loaders.h"
#include "runtime/loop.h"
#include "runtime/manager_process.h"
#include "runtime/pool_driver.h"
#include "runtime/probes.h"
#include "runtime/runtime.h"
#include "runtime/supervisor.h"
#include "runtime/trace_recorder.h"
#include "worker/core_gate.h"

namespace genepool {

class RuntimeImpl final : public Runtime, public SupervisorListener {
 public:
  RuntimeImpl(const Config& config, std::unique_ptr<Store> store, std::unique_ptr<History> history, std::string base_path,
              BaseModel base, std::string weights_path);
  ~RuntimeImpl() override;
  [[nodiscard]] Result<void> start();

  Result<ResolvedGenome> resolve(std::string_view model) override;
  Result<ResolvedGenome> resolve(const GenomeRow& row) override;
  RequestId generate(const ResolvedGenome& genome, GenerateParams params, std::shared_ptr<ResponseSink> sink) override;
  void cancel(RequestId request) override;
  RequestId acquire(const ResolvedGenome& genome, Duration deadline, LeaseCallback done) override;
  void generate_on(RequestId lease, GenerateParams params, std::shared_ptr<ResponseSink> sink) override;
  void release(RequestId lease, bool keep_hot, std::function<void(Receipt)> done) override;
  void bring_to(const ResolvedGenome& genome, Goal goal, Done done) override;
  void demote(const ResolvedGenome& genome, Done done) override;
  void set_pin(const ResolvedGenome& genome, bool is_pinned, Done done) override;
  void drop_layers(const ResolvedGenome& genome, Done done) override;
  void set_breaker(const ResolvedGenome& genome, BreakerWish wish, Done done) override;
  Result<void> set_param(std::string_view name, std::string_view value) override;
  void expect_session(const ExpectedFrom& session, Done done) override;
  void drain(std::function<void()> done) override;
  void follow_events(std::optional<std::uint64_t> after, std::function<void(bool)> begun, EventFeed::Listener listener) override;
  Result<std::vector<Decision>> decisions(const DecisionQuery& query) override { return history_->list(query); }
  Result<Decision> decision(std::uint64_t id) override { return history_->find(id); }
  void on_thrash_alarm(ThrashAlarm listener) override;
  RuntimeStatus status(bool with_memory) override;
  bool is_ready() override { return base_phase_ == BasePhase::kReady; }
  TraceStatus trace_status() override { return trace_.status(monotonic_now()); }
  Result<void> wait_ready(Duration timeout) override;
  Result<LayerRow> add_layer(const NewLayer& layer) override;
  Result<void> remove_layer(std::string_view name) override;
  Result<std::string> reimport(const std::string& path, std::string_view name) override;
  Result<GenomeRow> create_genome(const Store::NewGenome& genome) override;
  Result<std::vector<GenomeRow>> create_genomes(std::span<const Store::NewGenome> genomes) override;
  Result<GenomeRow> copy_genome(const Store::CopyGenome& copy) override;
  Result<GenomeRow> roll_back(const Store::Rollback& back) override;
  Result<void> remove_genome(std::string_view name) override;
  Result<Garbage> collect_garbage(bool dry_run) override;
  void offload(std::function<void()> blocking_work, Errand kind) override {
    (kind == Errand::kLong ? long_errands_ : errands_).submit(std::move(blocking_work));
  }
  Config config() override;
  const BaseModel& base() const override { return base_; }
  const std::string& base_path() const override { return base_path_; }
  Store& store() override { return *store_; }
  Metrics& metrics() override { return metrics_; }

 private:
  // One generate() call, or one lease with the generations made on it.
  struct Request {
    ResolvedGenome genome;
    GenerateParams params;
    std::shared_ptr<ResponseSink> sink;  // of the generation under way; null: none
    LeaseCallback lease_done;            // set until the lease is granted or refused
    bool is_lease = false, is_granted = false, is_cancelled = false;
    bool is_kept_out = false;            // by its breaker, and nobody else answers
    bool has_first_token = false;        // of the generation under way
    std::uint32_t tokens = 0;            // answered so far
    Instant arrived{}, granted{}, generating{}, deadline{};
    Release report;                      // what its end will tell the pool
    WorkerId worker = 0;
    std::shared_ptr<AssemblyTimes> assembly;  // null for a HOT hit
    Receipt receipt;
  };
  struct HotWorker {
    Identity identity;
    std::shared_ptr<AssemblyTimes> assembly;  // its own
    std::shared_ptr<AssemblyTimes> beneficiary;  // the assembly that it was killed for
    std::string end_reason = "died";
    Instant last_alive_event{};
    std::uint64_t own_bytes = 0;  // as last measured
    std::optional<Instant> saving_until;  // asked for its KV before it is killed
  };
  struct Command {
    Done done;
    Identity identity;
    Goal goal = Goal::kHot;
  };

  // ---- runtime_requests.cc, on the strand
  void perform(const Event& event, const std::vector<Action>& actions);
  void perform_one(const GrantRequest& action);
  void perform_one(const RefuseRequest& action);
  void perform_one(const BuildPage& action);
  void perform_one(const SpawnWorker& action);
  void perform_one(const BroughtIn&) {}
  void perform_one(const ProbeWorker& action);
  void perform_one(const KillWorker& action);
  void perform_one(const CancelOnWorker& action);
  void perform_one(const DropPage& action);
  void perform_one(const DropLayer& action);
  void perform_one(const CommandDone& action);
  void perform_one(const BreakerChanged& action);  // runtime_breakers.cc
  void arrive(RequestId id, Request request, Duration deadline);
  void ask_pool(RequestId id, Request& request);
  void send_generate(RequestId id, Request& request);
  void fail_generation(RequestId id, Request& request, Error error);
  void end_request(RequestId id, Outcome outcome);
  void record(const Request& request, const Outcome& outcome);
  void finish_generation(Request& request, Outcome& outcome);
  void on_page(const Identity& identity, Result<BuiltPage> built);
  std::shared_ptr<AssemblyTimes> assembly_of(const Identity& identity, Tier from);
  void know(const ResolvedGenome& genome);
  void forget_unused();
  [[nodiscard]] std::string name_of(const Identity& identity) const;

  // ---- runtime_workers.cc, on the strand
  void on_zygote_ready(const ZygoteHello& hello) override;
  void on_zygote_lost(const std::string& why, bool is_final) override;
  void on_worker_ready(WorkerId worker, const WorkerStart& start) override;
  void on_worker_failed(WorkerId worker, const Error& error) override;
  void on_worker_message(WorkerId worker, FromWorker&& message, UniqueFd passed) override;
  void on_worker_gone(WorkerId worker, const WorkerEnd& end) override;
  void on_message(WorkerId worker, const Accepted& message);
  void on_message(WorkerId worker, TokensOut& message);
  void on_message(WorkerId worker, const GenerateDone& message);
  void on_message(WorkerId worker, const GenerateFailed& message);
  void on_message(WorkerId worker, const KvSaved& message, UniqueFd bytes);
  void kill_late_savers();
  void measure_workers();  // every few seconds
  void keep_spare_worker();
  void note_alive(WorkerId worker);
  Request* request_on(WorkerId worker, RequestId id);

  // ---- runtime_manager.cc, on the strand
  void begin_manager();  // a new process: what it must know first
  void on_manager_end(const std::string& why);
  void tell_manager(const Notice& notice) { manager_->tell(notice, monotonic_now()); }
  void report_to_manager();  // every two seconds
  [[nodiscard]] static std::uint32_t hour_of_the_week();  // 0 = Monday's first, UTC
  void switch_manager();     // as manager.mode says
  [[nodiscard]] GenomeSeen seen(const ResolvedGenome& genome) const;
  [[nodiscard]] SettingsSeen settings_now() const;
  void write_down(Decision decision);  // numbers it; log, events, history
  void carry_out(const MakeHot& wish);
  void carry_out(const LetGo& wish);
  void carry_out(const SetNumber& wish);
  void carry_out(const Decided& wish);
  void carry_out(const Realised& wish);
  void carry_out(const HintAnswered& wish);
  void carry_out(const Said& wish);
  void carry_out(const Alive& wish) { manager_status_ = wish.status; }

  // ---- runtime_breakers.cc, on the strand
  [[nodiscard]] bool fall_back(RequestId id, Request& request);
  static void show_kept_out(RuntimeStatus& status);
  void suspect_layers(const Identity& identity, const Error& error);
  void look_at_suspects();

  // ---- runtime_layers.cc
  [[nodiscard]] Result<LayerEffect> try_out(const ImportedLayer& layer);  // blocks for the engine

  // ---- runtime_names.cc
  [[nodiscard]] Result<GenomeRow> moved(Result<GenomeRow> row);
  [[nodiscard]] Result<void> on_name_gone(std::string_view name, const Genome& genome);  // its base as named

  // ---- runtime.cc
  void on_second();
  void finish_drain_if_idle();
  void use(Config changed, std::string_view name, std::string_view value);
  [[nodiscard]] Knobs knobs() const;
  [[nodiscard]] KnobDefaults knob_defaults() const { return {hot_bytes_default_, warm_bytes_default_, kv_bytes_per_worker()}; }
  [[nodiscard]] std::uint64_t kv_bytes_per_worker() const { return engine_.kv_bytes_per_token * engine_.context_size; }
  [[nodiscard]] std::uint64_t kv_quota() const;
  [[nodiscard]] std::string_view stage_now(const Request& request) const;
  RequestId command(const ResolvedGenome& genome, Goal goal, Done done);
  // Runs `work` on the strand and waits for its result. Not from the strand itself.
  template <class Work>
  auto on_strand(Work work) -> decltype(work()) {
    GENEPOOL_CHECK(!loop_.is_own_thread());
    std::promise<decltype(work())> promise;
    auto future = promise.get_future();
    loop_.post([&] { promise.set_value(work()); });
    return future.get();
  }

  Config config_;  // strand only, after start()
  const std::unique_ptr<Store> store_;
  const std::unique_ptr<History> history_;
  const std::string base_path_;
  const BaseModel base_;
  const std::string weights_path_;  // the base's own, or its prepared file
  Metrics metrics_;
  CoreGate gate_;
  EventFeed feed_;  // strand only
  Ledger ledger_;
  TraceRecorder trace_;
  std::atomic<RequestId> next_id_{1};
  std::atomic<BasePhase> base_phase_{BasePhase::kLoading};
  Instant opened_ = monotonic_now();

  // strand only
  EngineInfo engine_;
  std::string base_error_;
  std::uint64_t hot_bytes_default_ = 0, warm_bytes_default_ = 0, kv_bytes_default_ = 0;
  std::unique_ptr<PoolDriver> pool_;
  std::unique_ptr<Supervisor> supervisor_;
  Probes probes_;
  std::unique_ptr<ManagerProcess> manager_;
  Observer observer_{[this](const Identity& identity) { return seen(known_.at(identity)); }};
  std::uint64_t managers_begun_ = 0;
  ManagerStatus manager_status_;
  std::map<std::uint64_t, Done> hints_;      // by ticket
  std::map<std::uint64_t, std::uint64_t> managed_decisions_;  // the manager's number of a decision -> the history's
  std::uint64_t last_ticket_ = 0, layers_wanted_ = 0, layers_read_ = 0;
  bool is_odd_second_ = false, is_measuring_ = false;
  Instant next_measuring_{};
  std::map<RequestId, Request> requests_;
  std::map<CommandId, Command> commands_;
  std::map<WorkerId, HotWorker> workers_;
  std::map<Identity, ResolvedGenome> known_;   // every genome the pool may name
  std::map<Identity, MemoryFile> pages_;       // WARM and HOT
  std::map<LayerId, LayerBytes> layers_;
  std::map<LayerId, std::array<std::int64_t, 3>> suspects_;  // layers of genomes that a file keeps out, and the files' stamps
  bool is_looking_at_suspects_ = false;
  KvShelf kv_shelf_;
  std::map<Identity, std::shared_ptr<AssemblyTimes>> assemblies_;  // under way
  std::vector<WorkerId> unclaimed_victims_;    // killed for whoever is assembled next
  std::vector<std::function<void()>> drained_;
  std::vector<std::promise<void>> waiting_for_base_;
  std::uint64_t next_decision_ = 1;
  std::size_t wanted_spare_ = 0;               // bytes of the last page that took the spare's memory
  Loop::TimerId second_timer_ = 0;

  // Last, so that they go first; the destructor has stopped the loop's thread by then, and jobs may still post to it.
  SpareMemory spare_;  // for loader threads
  Loop loop_;
  Loaders loaders_{2};  // pages
  Loaders errands_{2};  // callers' work: a slow disk below the layers must not stop `ps`
  Loaders long_errands_{2};
};

}  // namespace genepool

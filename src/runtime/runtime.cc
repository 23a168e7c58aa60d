#include "runtime/runtime.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "base/log.h"
#include "base/memory_pressure.h"
#include "manager/settings_of_config.h"
#include "pool/knobs_of_config.h"
#include "runtime/base_preparation.h"
#include "runtime/process_memory.h"
#include "runtime/process_settings.h"
#include "runtime/resolve.h"
#include "runtime/runtime_impl.h"

namespace genepool {
namespace {

constexpr Duration kShutDownLimit = std::chrono::seconds(3);

// Of one worker; the core gate grants more than one only to a worker that computes alone.
int worker_threads_of(const Config& config) {
  if (config.engine_worker_threads == 0) return cores_of(config);
  return std::min(cores_of(config), static_cast<int>(config.engine_worker_threads));
}

// At the alarm it would be too late to find out.
Result<void> check_alarm_command(const std::string& command) {
  if (command.empty()) return {};
  const bool is_runnable = std::filesystem::path(command).is_absolute() && ::access(command.c_str(), X_OK) == 0;
  if (!is_runnable) return fail_param(Code::kUsage, "thrash.command", "thrash.command: {} is not the absolute path of a program", command);
  return {};
}

// Of the machine, or what a cgroup's limit leaves of it.
std::uint64_t free_memory() { return read_memory_pressure().available_bytes.value_or(0); }

void set_up_log(const Config& config) {
  log_setup(level_from_text(config.log_level), config.log_format == "json" ? LogFormat::kJson : LogFormat::kText);
}

ZygoteOptions zygote_options(const Config& config, const std::string& base_path) {
  ZygoteOptions options;
  options.worker_program = worker_program(config);
  options.engine = config.engine_name;
  options.fake_script = config.engine_fake_script;
  options.engine_options.base_path = base_path;
  options.engine_options.context_size = static_cast<std::uint32_t>(config.engine_ctx);
  options.engine_options.sequences = static_cast<std::uint32_t>(config.pool_sequences);
  options.engine_options.batch_size = static_cast<std::uint32_t>(config.engine_batch);
  options.engine_options.threads = worker_threads_of(config);
  options.deterministic = config.engine_deterministic;
  return options;
}

// base.prepare: auto. -> whether the base was tried now.
Result<bool> prepare_at_first(const Config& config, Store& store, const std::string& path, const BaseModel& base) {
  if (config.base_prepare != "auto" || config.base_prepared != "auto") return false;
  const PreparationOptions options = preparation_options(config);
  GENEPOOL_TRY(const std::vector<PreparedBase> known, store.prepared_bases());
  const std::string machine = preparation_machine(options.threads);
  const auto is_this = [&](const PreparedBase& one) { return one.source == base.id && one.machine == machine; };
  if (std::ranges::any_of(known, is_this)) return false;
  log(Level::kInfo, "the base is being prepared for this machine, once (base.prepare: auto)", {{"base", path}});
  const PreparationListener listener{
      .now = [](const std::string& now) { log(Level::kInfo, "base prepare", {{"now", now}}); },
      .warning = [](const std::string& why) { log(Level::kWarn, "base prepare", {{"why", why}}); }};
  GENEPOOL_TRY(const PreparedBase verdict, prepare_base(store, base_tool(config), path, base, options, listener));
  log(Level::kInfo, verdict.prepared ? "the base computes as" : "the base is kept as it is", {{"type", verdict.type}});
  return true;
}

// A history that cannot be used or kept is no reason not to serve.
std::unique_ptr<History> open_history(const std::string& data_dir) {
  std::unique_ptr<History> history = History::open(data_dir + "/history.sqlite");
  const History::State state = history->state();
  if (!state.set_aside.empty()) log(Level::kWarn, "the history of decisions was set aside, a new one begins", {{"why", state.set_aside}});
  if (!state.error.empty()) log(Level::kWarn, "decisions are not kept", {{"why", state.error}});
  return history;
}

}  // namespace

Result<std::unique_ptr<Runtime>> Runtime::open(const Config& config) {
  set_up_log(config);
  GENEPOOL_TRY_VOID(check_worker_program(config));
  GENEPOOL_TRY_VOID(check_alarm_command(config.thrash_command));
  GENEPOOL_TRY(std::unique_ptr<Store> store, Store::open(data_dir_of(config), prepared_use(config)));
  store->set_quota(static_cast<std::uint64_t>(config.store_quota));
  GENEPOOL_TRY(auto base, store->use_base(config.base_path));
  GENEPOOL_TRY(const bool is_new, prepare_at_first(config, *store, base.first, base.second));
  if (is_new) {
    GENEPOOL_TRY(base, store->use_base(base.first));
  }
  GENEPOOL_TRY(const std::string weights, store->weights_file(base.first, base.second));
  auto runtime = std::make_unique<RuntimeImpl>(config, std::move(store), open_history(data_dir_of(config)), std::move(base.first),
                                               std::move(base.second), weights);
  GENEPOOL_TRY_VOID(runtime->start());
  return runtime;
}

RuntimeImpl::RuntimeImpl(const Config& config, std::unique_ptr<Store> store, std::unique_ptr<History> history, std::string base_path,
                         BaseModel base, std::string weights_path)
    : config_(config),
      store_(std::move(store)),
      history_(std::move(history)),
      base_path_(std::move(base_path)),
      base_(std::move(base)),
      weights_path_(std::move(weights_path)),
      metrics_(static_cast<std::size_t>(config.metrics_samples), static_cast<std::size_t>(config.metrics_genome_labels)),
      ledger_(metrics_, feed_, config),
      trace_(data_dir_of(config)),
      hot_bytes_default_(free_memory() / 10 * 4),
      warm_bytes_default_(free_memory() / 10 * 2),
      kv_bytes_default_(free_memory() / 20) {
  kv_shelf_.set_quota(kv_quota());
  trace_.configure(config.trace_record, static_cast<std::uint64_t>(config.trace_bytes));
  // What was left open is decided now, and shown as it is.
  config_.base_path = base_path_;
  config_.server_data_dir = std::filesystem::absolute(data_dir_of(config)).lexically_normal().string();  // clients have other folders
}

Result<void> RuntimeImpl::start() {
  GENEPOOL_TRY(gate_, CoreGate::create(cores_of(config_)));
  supervisor_ = std::make_unique<Supervisor>(loop_, zygote_options(config_, weights_path_), gate_, *this);
  next_decision_ = history_->next_id();
  manager_ = std::make_unique<ManagerProcess>(
      loop_, manager_program(config_),
      ManagerProcess::Calls{.on_begun = [this] { begin_manager(); },
                            .on_wish = [this](const Wish& wish) { std::visit([this](const auto& w) { carry_out(w); }, wish); },
                            .on_end = [this](const std::string& why) { on_manager_end(why); }});
  return on_strand([this]() -> Result<void> {
    GENEPOOL_TRY(pool_, PoolDriver::make(loop_, knobs(), config_.log_events,
                                         [this](const Event& event, const std::vector<Action>& actions) { perform(event, actions); }));
    pool_->feed(BaseState{false, false});
    switch_manager();
    second_timer_ = loop_.make_timer([this] { on_second(); });
    on_second();
    return supervisor_->start();
  });
}

RuntimeImpl::~RuntimeImpl() {
  on_strand([this] {
    if (manager_) manager_->stop();
    if (supervisor_) supervisor_->shut_down(kShutDownLimit);
    while (!requests_.empty()) {
      Outcome outcome;
      outcome.error = Error{Code::kDraining, "the server is going down", "", std::nullopt};
      end_request(requests_.begin()->first, std::move(outcome));
    }
    for (auto& [id, done] : commands_) done.done(fail(Code::kDraining, "the server is going down"));
    commands_.clear();
    probes_.close(Error{Code::kDraining, "the server is going down", "", std::nullopt});
    return 0;
  });
  errands_.stop();  // before the strand that they may wait for
  long_errands_.stop();
  loop_.stop();
  trace_.flush(monotonic_now());
}

std::uint64_t RuntimeImpl::kv_quota() const {
  if (!config_.kv_save || config_.engine_deterministic) return 0;
  return config_.kv_bytes > 0 ? static_cast<std::uint64_t>(config_.kv_bytes) : kv_bytes_default_;
}

Knobs RuntimeImpl::knobs() const {
  return knobs_of(config_, knob_defaults());
}

void RuntimeImpl::on_second() {
  supervisor_->check_starts();
  keep_spare_worker();
  kill_late_savers();
  measure_workers();
  probes_.check_limits(*supervisor_);
  look_at_suspects();
  ledger_.breakers_are(pool_->breakers());
  ledger_.manager_is(manager_status_, manager_->is_running());
  ledger_.update(pool_->snapshot(), gate_.usage(), kv_shelf_.usage());
  forget_unused();
  feed_.tick();
  spare_.give_back_unused();
  pool_->flush_log();
  if (trace_.wants_flush()) errands_.submit([this] { trace_.flush(monotonic_now()); });
  manager_->check(monotonic_now());
  report_to_manager();
  loop_.set_timer(second_timer_, monotonic_now() + std::chrono::seconds(1));
}

Result<ResolvedGenome> RuntimeImpl::resolve(std::string_view model) { return resolve_model(model, base_, *store_); }

Result<ResolvedGenome> RuntimeImpl::resolve(const GenomeRow& row) { return resolve_row(row, base_, *store_); }

// ------------------------------------------------------------------------------------------------- operator commands

RequestId RuntimeImpl::command(const ResolvedGenome& genome, Goal goal, Done done) {
  const CommandId id = next_id_++;
  know(genome);
  commands_.emplace(id, Command{std::move(done), genome.identity, goal});
  return id;
}

void RuntimeImpl::bring_to(const ResolvedGenome& genome, Goal goal, Done done) {
  loop_.post([this, genome, goal, done = std::move(done)]() mutable {
    const CommandId id = command(genome, goal, std::move(done));
    pool_->feed(BringTo{id, spec_of(genome), goal, monotonic_now() + std::chrono::milliseconds(config_.pool_deadline)});
  });
}

void RuntimeImpl::demote(const ResolvedGenome& genome, Done done) {
  loop_.post([this, genome, done = std::move(done)]() mutable {
    const CommandId id = command(genome, Goal::kCold, std::move(done));
    pool_->feed(Demote{id, genome.identity});
  });
}

void RuntimeImpl::set_pin(const ResolvedGenome& genome, bool is_pinned, Done done) {
  loop_.post([this, genome, is_pinned, done = std::move(done)] {
    know(genome);
    pool_->feed(SetPin{spec_of(genome), is_pinned});
    done({});
  });
}

void RuntimeImpl::drop_layers(const ResolvedGenome& genome, Done done) {
  loop_.post([this, layers = genome.layers, done = std::move(done)] {
    for (const LayerCharge& layer : layers) pool_->feed(LayerGone{layer.id});
    done({});
  });
}

Result<void> RuntimeImpl::set_param(std::string_view name, std::string_view value) {
  return on_strand([&]() -> Result<void> {
    const auto rows = param_rows();
    const auto row = std::ranges::find(rows, name, &ParamRow::name);
    if (row != rows.end() && row->live == Live::kRestart) {
      return fail_param(Code::kConflict, std::string(name), "{} changes only with a restart", name);
    }
    Config changed = config_;
    GENEPOOL_TRY_VOID(genepool::set_param(changed, name, value, Origin::kOperator));
    GENEPOOL_TRY_VOID(check_alarm_command(changed.thrash_command));
    use(std::move(changed), name, value);
    return {};
  });
}

void RuntimeImpl::use(Config changed, std::string_view name, std::string_view value) {
  config_ = std::move(changed);
  pool_->feed(SetKnobs{knobs()});
  kv_shelf_.set_quota(kv_quota());
  store_->set_quota(static_cast<std::uint64_t>(config_.store_quota));
  ledger_.configure(config_);
  trace_.configure(config_.trace_record, static_cast<std::uint64_t>(config_.trace_bytes));
  set_up_log(config_);
  ledger_.setting_changed(name, value);
  switch_manager();
}

void RuntimeImpl::drain(std::function<void()> done) {
  loop_.post([this, done = std::move(done)] {
    drained_.push_back(done);
    pool_->feed(Drain{});
    finish_drain_if_idle();
  });
}

void RuntimeImpl::finish_drain_if_idle() {
  if (!requests_.empty()) return;
  for (const auto& done : std::exchange(drained_, {})) done();
}

void RuntimeImpl::follow_events(std::optional<std::uint64_t> after, std::function<void(bool)> begun, EventFeed::Listener listener) {
  loop_.post([this, after, begun = std::move(begun), listener = std::move(listener)] {
    const bool is_complete = feed_.is_complete_after(after);
    begun(is_complete);
    feed_.follow(after, listener);
  });
}

void RuntimeImpl::on_thrash_alarm(ThrashAlarm listener) {
  loop_.post([this, listener = std::move(listener)]() mutable { ledger_.on_alarm(std::move(listener)); });
}

// ------------------------------------------------------------------------------------------------- status

std::string_view RuntimeImpl::stage_now(const Request& request) const {
  if (request.is_granted) return request.has_first_token ? "decode" : "prefill";
  return assemblies_.contains(request.genome.identity) ? "assembly" : "queue";
}

RuntimeStatus RuntimeImpl::status(bool with_memory) {
  RuntimeStatus status = on_strand([this] {
    RuntimeStatus s;
    s.pool = pool_->snapshot();
    for (GenomeBreakers& breakers : pool_->breakers()) s.breakers.push_back({name_of(breakers.identity), std::move(breakers)});
    s.as_of = monotonic_now();
    ledger_.update(s.pool, gate_.usage(), kv_shelf_.usage());
    s.thrash = ledger_.thrash();
    s.thrash_causes = ledger_.thrash_causes();
    s.base_phase = base_phase_;
    s.base_error = base_error_;
    s.engine = engine_;
    s.manager = manager_status_;
    s.manager_mode = config_.manager_mode;
    s.manager_static = manager_->why_static();
    s.manager_pid = manager_->pid();
    s.kv = kv_shelf_.usage();
    s.kv_limit_bytes = kv_shelf_.quota();
    s.zygote_pid = supervisor_->zygote_pid();
    s.spare_pid = supervisor_->spare_pid();
    s.evictions_last_minute = ledger_.evictions_last_minute();
    const Instant now = monotonic_now();
    s.uptime_ms = to_ms(now - opened_);
    for (const GenomeStatus& genome : s.pool.genomes) {
      ResidentRow row{name_of(genome.identity), genome};
      if (genome.worker) row.pid = supervisor_->pid_of(*genome.worker);
      row.idle_ms = genome.last_time == Instant{} ? 0 : to_ms(now - genome.last_time);
      s.residents.push_back(std::move(row));
    }
    show_kept_out(s);
    // What a short screen should show first: with a worker, then the last used.
    std::ranges::stable_sort(s.residents, {}, [](const ResidentRow& row) { return std::pair(row.pid == 0, row.idle_ms); });
    for (const auto& [id, request] : requests_) {
      if (!request.sink) continue;
      s.requests.push_back({request.receipt.request, request.genome.name, stage_now(request), to_ms(now - request.arrived), request.tokens});
    }
    return s;
  });
  if (!with_memory) return status;
  for (ResidentRow& row : status.residents) {
    if (row.pid == 0) continue;
    const ProcessMemory memory = memory_of_process(row.pid);
    row.pss_bytes = memory.pss_bytes;
    row.private_bytes = memory.private_bytes;
  }
  return status;
}

Result<void> RuntimeImpl::wait_ready(Duration timeout) {
  std::future<void> changed = on_strand([this] {
    std::promise<void> promise;
    auto future = promise.get_future();
    if (base_phase_ == BasePhase::kReady || base_phase_ == BasePhase::kFailed) {
      promise.set_value();
    } else {
      waiting_for_base_.push_back(std::move(promise));
    }
    return future;
  });
  if (changed.wait_for(timeout) != std::future_status::ready) {
    return fail(Code::kDeadlineExceeded, "the base {} is still loading", base_path_);
  }
  if (base_phase_ == BasePhase::kReady) return {};
  return fail(Code::kUnavailable, "the base {} cannot be used: {}", base_path_, on_strand([this] { return base_error_; }));
}

Config RuntimeImpl::config() {
  return on_strand([this] { return config_; });
}

}  // namespace genepool

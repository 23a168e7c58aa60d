// The public library: GenomePool and Lease as a blocking face on Runtime.
#include <genepool/pool.h>

#include <future>
#include <utility>

#include "runtime/answer_collector.h"
#include "runtime/ledger.h"
#include "runtime/process_memory.h"
#include "runtime/runtime.h"

namespace genepool {
namespace {

constexpr Duration kOpenLimit = std::chrono::minutes(5);

UseMetrics metrics_of(const Receipt& receipt) {
  UseMetrics m;
  m.tier = std::string(tier_name(receipt.tier));
  m.acquire_ms = receipt.acquire_ms;
  m.queue_ms = receipt.queue_ms;
  m.layer_load_ms = receipt.layer_load_ms;
  m.layer_stack_ms = receipt.layer_stack_ms;
  m.process_spawn_ms = receipt.process_spawn_ms;
  m.inference_ms = receipt.inference_ms;
  m.first_token_ms = receipt.first_token_ms;
  m.process_teardown_ms = receipt.process_teardown_ms.value_or(-1);
  m.total_ms = receipt.total_ms;
  m.layers = receipt.layers.size();
  return m;
}

GenerateParams params_of(const GenerateOptions& options, const ResolvedGenome& genome) {
  GenerateParams params;
  std::vector<ChatMessage> messages;
  if (!genome.system_prompt.empty()) messages.push_back({"system", genome.system_prompt});
  messages.push_back({"user", options.prompt});
  params.prompt = std::move(messages);
  params.max_tokens = options.max_tokens;
  params.sampling.temperature = options.temperature;
  params.sampling.seed = options.seed;
  params.ignore_end = options.ignore_end;
  return params;
}

Result<Generation> generation_of(const Outcome& outcome, std::string text) {
  if (outcome.error) return tl::unexpected(*outcome.error);
  return Generation{std::move(text), outcome.prompt_tokens, outcome.completion_tokens, outcome.receipt.prefill_ms,
                    outcome.receipt.decode_ms};
}

}  // namespace

// ------------------------------------------------------------------------------------------------------------- Lease

struct Lease::State {
  Runtime* runtime = nullptr;
  RequestId id = 0;
  ResolvedGenome genome;
  UseMetrics metrics;
};

Lease::Lease(std::unique_ptr<State> state) : state_(std::move(state)) {}
Lease::Lease(Lease&&) noexcept = default;
Lease& Lease::operator=(Lease&& other) noexcept {
  std::swap(state_, other.state_);
  return *this;
}
Lease::~Lease() {
  if (state_) state_->runtime->release(state_->id, true, [](const Receipt&) {});
}

Result<Generation> Lease::generate(const GenerateOptions& options) {
  const auto sink = std::make_shared<AnswerCollector>(options.on_text);
  state_->runtime->generate_on(state_->id, params_of(options, state_->genome), sink);
  const Outcome outcome = sink->wait();
  return generation_of(outcome, sink->take_text());
}

const UseMetrics& Lease::metrics() const { return state_->metrics; }

// -------------------------------------------------------------------------------------------------------- GenomePool

struct GenomePool::State {
  std::unique_ptr<Runtime> runtime;
};

GenomePool::GenomePool(std::unique_ptr<State> state) : state_(std::move(state)) {}
GenomePool::~GenomePool() = default;

Result<std::unique_ptr<GenomePool>> GenomePool::open(const Options& options) {
  Config config;
  config.server_data_dir = options.data_dir;
  config.base_path = options.base;
  config.trace_record = false;  // a server's operator is told of it (trace.record); a library's user must ask for it
  for (const auto& [name, value] : options.settings) {
    GENEPOOL_TRY_VOID(set_param(config, name, value, Origin::kFlag));
  }
  auto state = std::make_unique<State>();
  GENEPOOL_TRY(state->runtime, Runtime::open(config));
  GENEPOOL_TRY_VOID(state->runtime->wait_ready(kOpenLimit));
  return std::unique_ptr<GenomePool>(new GenomePool(std::move(state)));
}

Result<void> GenomePool::add_layer(const std::string& path, const std::string& name, bool force) {
  GENEPOOL_TRY([[maybe_unused]] const LayerRow row, state_->runtime->add_layer({path, name, force}));
  return {};
}

Result<void> GenomePool::create_genome(const std::string& name, const std::vector<std::string>& stack) {
  Store::NewGenome genome;
  genome.name = name;
  genome.base = state_->runtime->base().id;
  for (const std::string& text : stack) {
    GENEPOOL_TRY(NamedEntry entry, parse_entry(text));
    genome.stack.push_back(std::move(entry));
  }
  GENEPOOL_TRY([[maybe_unused]] const GenomeRow row, state_->runtime->create_genome(genome));
  return {};
}

Result<Lease> GenomePool::acquire(std::string_view name, std::chrono::milliseconds deadline) {
  auto lease = std::make_unique<Lease::State>();
  lease->runtime = state_->runtime.get();
  GENEPOOL_TRY(lease->genome, state_->runtime->resolve(name));
  std::promise<Result<Runtime::LeaseGrant>> granted;
  state_->runtime->acquire(lease->genome, deadline, [&](Result<Runtime::LeaseGrant> grant) { granted.set_value(std::move(grant)); });
  GENEPOOL_TRY(const Runtime::LeaseGrant grant, granted.get_future().get());
  lease->id = grant.lease;
  lease->metrics = metrics_of(grant.receipt);
  return Lease(std::move(lease));
}

UseMetrics GenomePool::release(Lease lease, bool keep_hot) {
  const auto held = std::move(lease.state_);
  GENEPOOL_CHECK(held != nullptr, "a lease is released once");
  std::promise<Receipt> done;
  state_->runtime->release(held->id, keep_hot, [&](const Receipt& receipt) { done.set_value(receipt); });
  return metrics_of(done.get_future().get());
}

Result<GenomePool::Measured> GenomePool::acquire_with_metrics(std::string_view name, const GenerateOptions& options,
                                                              bool keep_hot) {
  GENEPOOL_TRY(const ResolvedGenome genome, state_->runtime->resolve(name));
  GenerateParams params = params_of(options, genome);
  params.keep_hot = keep_hot;
  const auto sink = std::make_shared<AnswerCollector>(options.on_text);
  state_->runtime->generate(genome, std::move(params), sink);
  const Outcome outcome = sink->wait();
  GENEPOOL_TRY(Generation generation, generation_of(outcome, sink->take_text()));
  return Measured{std::move(generation), metrics_of(outcome.receipt)};
}

namespace {

// Runs one operator command of the runtime and waits for its end.
template <class Call>
Result<void> wait_for(Runtime& runtime, std::string_view name, Call call) {
  GENEPOOL_TRY(const ResolvedGenome genome, runtime.resolve(name));
  std::promise<Result<void>> done;
  call(genome, [&](Result<void> result) { done.set_value(std::move(result)); });
  return done.get_future().get();
}

}  // namespace

Result<void> GenomePool::warmup(std::string_view genome) {
  Runtime& runtime = *state_->runtime;
  return wait_for(runtime, genome, [&](const auto& g, auto done) { runtime.bring_to(g, Goal::kHot, done); });
}

Result<void> GenomePool::preload(std::string_view genome) {
  Runtime& runtime = *state_->runtime;
  return wait_for(runtime, genome, [&](const auto& g, auto done) { runtime.bring_to(g, Goal::kWarm, done); });
}

Result<void> GenomePool::evict(std::string_view genome, bool to_cold) {
  Runtime& runtime = *state_->runtime;
  return wait_for(runtime, genome, [&](const auto& g, auto done) {
    if (to_cold) return runtime.bring_to(g, Goal::kCold, done);
    runtime.demote(g, done);
  });
}

Result<void> GenomePool::pin(std::string_view genome, bool is_pinned) {
  Runtime& runtime = *state_->runtime;
  return wait_for(runtime, genome, [&](const auto& g, auto done) { runtime.set_pin(g, is_pinned, done); });
}

Result<void> GenomePool::make_cold(std::string_view genome, bool drop_page_cache) {
  Runtime& runtime = *state_->runtime;
  GENEPOOL_TRY_VOID(evict(genome, true));
  GENEPOOL_TRY_VOID(wait_for(runtime, genome, [&](const auto& g, auto done) { runtime.drop_layers(g, done); }));
  if (!drop_page_cache) return {};
  GENEPOOL_TRY(const ResolvedGenome resolved, runtime.resolve(genome));
  for (const LayerCharge& layer : resolved.layers) runtime.store().forget_file(layer.id);
  return {};
}

Result<void> GenomePool::set(std::string_view setting, std::string_view value) {
  return state_->runtime->set_param(setting, value);
}

Stats GenomePool::stats() const {
  Runtime& runtime = *state_->runtime;
  const Metrics& metrics = runtime.metrics();
  Stats stats;
  for (int i = 0; i < static_cast<int>(Timing::kCount); ++i) {
    const auto timing = static_cast<Timing>(i);
    const TimingSummary s = metrics.summary(timing);
    stats.timings[std::string(timing_name(timing))] = {s.count, s.p50_ms, s.p99_ms, s.mean_ms, s.max_ms, s.recent_ms};
  }
  const auto count = [&](Counter counter, std::string_view label) {
    return static_cast<std::uint64_t>(metrics.value(counter, {label}));
  };
  stats.cache_hits = count(Counter::kLayerLookups, "hit");
  stats.cache_misses = count(Counter::kLayerLookups, "miss");
  stats.hot_hits = count(Counter::kLookups, "hot");
  stats.warm_hits = count(Counter::kLookups, "warm");
  stats.cold_starts = count(Counter::kLookups, "cold");
  const RuntimeStatus status = runtime.status(false);
  stats.assembly_to_inference_ratio = status.thrash.ratio;
  stats.is_thrashing = status.thrash.is_thrashing;
  stats.thrash_share = status.thrash.share;
  stats.refault_share = status.thrash.refault_share;
  stats.eviction_rate_per_minute = status.evictions_last_minute;
  return stats;
}

std::vector<WorkerMemory> GenomePool::memory() const {
  std::vector<WorkerMemory> rows;
  const RuntimeStatus status = state_->runtime->status(true);
  for (const ResidentRow& row : status.residents) {
    if (row.pid == 0) continue;
    rows.push_back({row.name, row.pss_bytes, row.private_bytes, row.status.page_bytes, row.status.page_bytes + status.pool.knobs.kv_bytes_per_worker});
  }
  return rows;
}

std::uint64_t GenomePool::zygote_pss_bytes() const {
  const RuntimeStatus status = state_->runtime->status(false);
  const std::uint64_t spare = status.spare_pid == 0 ? 0 : memory_of_process(status.spare_pid).pss_bytes;
  return memory_of_process(status.zygote_pid).pss_bytes + spare;
}

}  // namespace genepool

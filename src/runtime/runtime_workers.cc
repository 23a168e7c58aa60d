// What processes report, on the strand: turned into pool events, tokens for sinks, and times for receipts.
#include <algorithm>
#include <utility>

#include "base/log.h"
#include "runtime/process_memory.h"
#include "runtime/runtime_impl.h"

namespace genepool {
namespace {

constexpr Duration kAliveInterval = std::chrono::seconds(1);
constexpr Duration kMeasuringInterval = std::chrono::seconds(5);

}  // namespace

void RuntimeImpl::on_zygote_ready(const ZygoteHello& hello) {
  engine_ = hello.info;
  base_error_.clear();
  base_phase_ = BasePhase::kReady;
  metrics_.set(Gauge::kBuildInfo, 1, {GENEPOOL_VERSION, engine_.engine});
  log(Level::kInfo, "base ready",
      {{"engine", engine_.engine}, {"load_ms", fmt::format("{:.0f}", static_cast<double>(hello.load_us) / 1e3)}});
  ledger_.base_is(base_phase_, "");
  pool_->feed(SetKnobs{knobs()});  // the KV of a worker is known now
  pool_->feed(BaseState{true, false});
  keep_spare_worker();
  for (std::promise<void>& waiter : std::exchange(waiting_for_base_, {})) waiter.set_value();
}

void RuntimeImpl::keep_spare_worker() {
  if (config_.pool_spare_worker && base_phase_ == BasePhase::kReady) supervisor_->keep_spare();
}

void RuntimeImpl::on_zygote_lost(const std::string& why, bool is_final) {
  base_error_ = why;
  base_phase_ = is_final ? BasePhase::kFailed : BasePhase::kRestarting;
  ledger_.base_is(base_phase_, why);
  if (!is_final) metrics_.add(Counter::kZygoteRestarts);
  pool_->feed(BaseState{false, is_final});
  if (!is_final) return;
  for (std::promise<void>& waiter : std::exchange(waiting_for_base_, {})) waiter.set_value();
}

void RuntimeImpl::on_worker_ready(WorkerId id, const WorkerStart& start) {
  if (probes_.on_ready(*supervisor_, id)) return;
  HotWorker& worker = workers_.at(id);
  AssemblyTimes& assembly = *worker.assembly;
  assembly.ready = monotonic_now();
  assembly.spawn = start.spawn;
  assembly.attach = start.attach;
  assembly.reserve = start.reserve;
  assemblies_.erase(worker.identity);
  const bool is_demanded = std::ranges::any_of(requests_, [&](const auto& entry) {
    return !entry.second.is_granted && entry.second.genome.identity == worker.identity;
  });
  ledger_.assembled(known_.at(worker.identity), assembly, is_demanded);
  pool_->feed(WorkerReady{id});
}

void RuntimeImpl::on_worker_failed(WorkerId id, const Error& error) {
  if (probes_.on_failed(id, error)) return;
  const auto found = workers_.find(id);
  if (found == workers_.end()) return;
  const Identity identity = found->second.identity;
  workers_.erase(found);
  assemblies_.erase(identity);
  log(Level::kError, fmt::format("no worker for {}", name_of(identity)), {{"error", error.message}});
  suspect_layers(identity, error);
  pool_->feed(WorkerFailed{id, error});
}

void RuntimeImpl::on_worker_gone(WorkerId id, const WorkerEnd& end) {
  if (probes_.on_gone(id, end)) return;
  const auto found = workers_.find(id);
  if (found == workers_.end()) return;
  const HotWorker worker = std::move(found->second);
  workers_.erase(found);
  if (worker.beneficiary && !worker.beneficiary->teardown) worker.beneficiary->teardown = end.teardown;
  ledger_.worker_gone(name_of(worker.identity), worker.end_reason, end);
  pool_->feed(WorkerGone{id});
}

void RuntimeImpl::on_worker_message(WorkerId id, FromWorker&& message, UniqueFd passed) {
  if (probes_.on_message(*supervisor_, id, message)) return;
  if (!workers_.contains(id)) return;
  if (std::get_if<Pong>(&message) != nullptr) return pool_->feed(ProbeAnswered{id});
  if (const auto* saved = std::get_if<KvSaved>(&message)) return on_message(id, *saved, std::move(passed));
  note_alive(id);
  if (const auto* accepted = std::get_if<Accepted>(&message)) return on_message(id, *accepted);
  if (auto* tokens = std::get_if<TokensOut>(&message)) return on_message(id, *tokens);
  if (const auto* done = std::get_if<GenerateDone>(&message)) return on_message(id, *done);
  if (const auto* failed = std::get_if<GenerateFailed>(&message)) return on_message(id, *failed);
}

// Often enough that a worker which lives is not taken for a silent one, seldom enough that an event log stays short.
void RuntimeImpl::note_alive(WorkerId id) {
  HotWorker& worker = workers_.at(id);
  const Instant now = monotonic_now();
  const Duration interval = std::min<Duration>(kAliveInterval, std::chrono::milliseconds(config_.pool_stuck_after) / 10);
  if (now - worker.last_alive_event < interval) return;
  worker.last_alive_event = now;
  pool_->feed(WorkerAlive{id});
}

// The generation that `worker` speaks of; null when it is over, or has moved to another worker.
RuntimeImpl::Request* RuntimeImpl::request_on(WorkerId worker, RequestId id) {
  const auto found = requests_.find(id);
  if (found == requests_.end() || !found->second.is_granted || found->second.worker != worker) return nullptr;
  return found->second.sink ? &found->second : nullptr;
}

void RuntimeImpl::on_message(WorkerId worker, const Accepted& message) {
  if (Request* request = request_on(worker, message.request)) {
    request->sink->on_accepted(message.prompt_tokens, message.cached_tokens);
  }
}

void RuntimeImpl::on_message(WorkerId worker, TokensOut& message) {
  Request* request = request_on(worker, message.request);
  if (request == nullptr) return;
  if (!request->has_first_token) {
    request->has_first_token = true;
    // From arrival; of a later generation on a lease, from its own beginning.
    const Instant from = request->is_lease ? request->generating : request->arrived;
    request->receipt.first_token_ms = to_ms(monotonic_now() - from);
    if (request->is_lease) request->receipt.first_token_ms += request->receipt.acquire_ms;
    pool_->feed(FirstToken{message.request});
    // Not earlier: until its first token a client waits for these cores.
    keep_spare_worker();
    if (const std::size_t size = std::exchange(wanted_spare_, 0)) loaders_.submit([this, size] { spare_.restock(size); });
  }
  request->tokens += message.tokens;
  request->sink->on_tokens(message);
}

void RuntimeImpl::on_message(WorkerId worker, const GenerateDone& message) {
  Request* request = request_on(worker, message.request);
  if (request == nullptr) return;
  Outcome outcome;
  outcome.reason = message.reason;
  outcome.prompt_tokens = message.prompt_tokens;
  outcome.cached_tokens = message.cached_tokens;
  outcome.completion_tokens = message.completion_tokens;
  if (message.reason == FinishReason::kCancelled) {
    outcome.error = Error{Code::kCancelled, "cancelled", "", std::nullopt};
  }
  request->receipt.prefill_ms = static_cast<double>(message.prefill_us) / 1e3;
  request->receipt.decode_ms = static_cast<double>(message.decode_us) / 1e3;
  request->receipt.inference_ms = request->receipt.prefill_ms + request->receipt.decode_ms;
  if (request->is_lease && !request->is_cancelled) return finish_generation(*request, outcome);
  end_request(message.request, std::move(outcome));
}

void RuntimeImpl::on_message(WorkerId worker, const GenerateFailed& message) {
  Request* request = request_on(worker, message.request);
  if (request == nullptr) return;
  fail_generation(message.request, *request, message.error);
}

// The worker has nothing more to do than to end.
void RuntimeImpl::on_message(WorkerId id, const KvSaved& message, UniqueFd bytes) {
  HotWorker& worker = workers_.at(id);
  if (!worker.saving_until) return;
  worker.saving_until.reset();
  supervisor_->kill(id);
  // COLD means that nothing of it is in RAM; the base has no page.
  const bool is_wanted = pages_.contains(worker.identity) || worker.identity == identity_of({base_.weights, {}});
  if (is_wanted && bytes.is_open()) {
    kv_shelf_.put(worker.identity, std::move(bytes), message.tokens);
    metrics_.add(Counter::kKvSaved, {}, message.tokens);
  }
}

// Off the strand: Linux walks all that the process has mapped, 1.7 ms for 225 MB in pages of 4 KiB.
void RuntimeImpl::measure_workers() {
  const Instant now = monotonic_now();
  if (config_.pool_worker_growth == 0 || is_measuring_ || now < next_measuring_) return;
  next_measuring_ = now + kMeasuringInterval;
  std::vector<std::pair<WorkerId, int>> measured;
  for (const auto& [id, worker] : workers_) {
    if (const int pid = supervisor_->pid_of(id); pid > 0) measured.emplace_back(id, pid);
  }
  if (measured.empty()) return;
  is_measuring_ = true;
  errands_.submit([this, measured = std::move(measured)] {
    std::vector<WorkerMeasured> found;
    for (const auto& [id, pid] : measured) found.push_back({id, memory_of_process(pid).private_bytes});
    loop_.post([this, found = std::move(found)] {
      is_measuring_ = false;
      for (const WorkerMeasured& one : found) {
        const auto worker = workers_.find(one.worker);
        if (worker == workers_.end()) continue;
        worker->second.own_bytes = one.own_bytes;
        pool_->feed(one);
      }
    });
  });
}

void RuntimeImpl::kill_late_savers() {
  const Instant now = monotonic_now();
  for (auto& [id, worker] : workers_) {
    if (!worker.saving_until || now < *worker.saving_until) continue;
    log(Level::kWarn, fmt::format("{} did not give its KV in time", name_of(worker.identity)));
    worker.saving_until.reset();
    supervisor_->kill(id);
  }
}

}  // namespace genepool

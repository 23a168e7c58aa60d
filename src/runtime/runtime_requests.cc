// The life of a request on the strand: Arrive to the pool, the pool's actions performed, the receipt written.
#include <algorithm>

#include "base/log.h"
#include "runtime/prompt_limit.h"
#include "runtime/resolve.h"
#include "runtime/runtime_impl.h"

namespace genepool {
namespace {

constexpr std::size_t kKnownSlack = 256;
// 4,096 tokens of a large base are half a gigabyte; a worker that is stopped must not keep its place for long.
constexpr Duration kKvSaveLimit = std::chrono::milliseconds(500);

Outcome failed(Error error) {
  Outcome outcome;
  outcome.error = std::move(error);
  return outcome;
}

std::string_view stage_of(Tier tier) { return tier == Tier::kWarm ? "warm: starting a worker" : "cold: loading layers"; }

}  // namespace

// ------------------------------------------------------------------------------------------------------ from callers

RequestId RuntimeImpl::generate(const ResolvedGenome& genome, GenerateParams params, std::shared_ptr<ResponseSink> sink) {
  const RequestId id = next_id_++;
  loop_.post([this, id, arrived = monotonic_now(), genome = genome, params = std::move(params), sink = std::move(sink)]() mutable {
    if (auto fits = check_prompt_size(params.prompt, engine_); !fits) return sink->on_end(failed(std::move(fits.error())));
    Request request;
    request.genome = std::move(genome);
    request.arrived = arrived;
    const Duration deadline = params.deadline.value_or(std::chrono::milliseconds(config_.pool_deadline));
    request.params = std::move(params);
    request.sink = std::move(sink);
    arrive(id, std::move(request), deadline);
  });
  return id;
}

RequestId RuntimeImpl::acquire(const ResolvedGenome& genome, Duration deadline, LeaseCallback done) {
  const RequestId id = next_id_++;
  loop_.post([this, id, arrived = monotonic_now(), genome = genome, deadline, done = std::move(done)]() mutable {
    Request request;
    request.genome = std::move(genome);
    request.arrived = arrived;
    request.is_lease = true;
    request.lease_done = std::move(done);
    arrive(id, std::move(request), deadline);
  });
  return id;
}

void RuntimeImpl::arrive(RequestId id, Request request, Duration deadline) {
  request.deadline = request.arrived + deadline;
  request.receipt.request = request.params.label;
  if (request.sink) request.sink->on_stage("queued");
  ask_pool(id, requests_.emplace(id, std::move(request)).first->second);
}

// For the genome that it is to have now.
void RuntimeImpl::ask_pool(RequestId id, Request& request) {
  know(request.genome);
  Receipt& receipt = request.receipt;
  receipt.genome = request.genome.name;
  receipt.version = request.genome.version.hex();
  receipt.identity = request.genome.identity.hex();
  receipt.layers.clear();
  for (const NamedEntry& entry : request.genome.stack) receipt.layers.push_back({entry.layer, entry.weight});
  if (request.sink) ledger_.arrived(receipt);
  pool_->feed(Arrive{.request = id, .genome = spec_of(request.genome), .deadline = request.deadline, .user = request.params.user, .is_lease = request.is_lease});
}

void RuntimeImpl::cancel(RequestId id) {
  loop_.post([this, id] {
    const auto found = requests_.find(id);
    if (found == requests_.end()) return;
    found->second.is_cancelled = true;
    const bool was_granted = found->second.is_granted;
    pool_->feed(Cancel{id});
    // A granted one ends when its worker confirms; a waiting one is simply no more.
    if (!was_granted) end_request(id, failed(Error{Code::kCancelled, "cancelled while waiting", "", std::nullopt}));
  });
}

void RuntimeImpl::generate_on(RequestId lease, GenerateParams params, std::shared_ptr<ResponseSink> sink) {
  loop_.post([this, lease, params = std::move(params), sink = std::move(sink)]() mutable {
    const auto found = requests_.find(lease);
    if (found == requests_.end() || !found->second.is_granted || found->second.sink) {
      return sink->on_end(failed(Error{Code::kBadRequest, "the lease is not free for a generation", "", std::nullopt}));
    }
    found->second.params = std::move(params);
    found->second.sink = std::move(sink);
    send_generate(lease, found->second);
  });
}

void RuntimeImpl::release(RequestId lease, bool keep_hot, std::function<void(Receipt)> done) {
  loop_.post([this, lease, keep_hot, done = std::move(done)] {
    const auto found = requests_.find(lease);
    if (found == requests_.end()) return done(Receipt{});
    found->second.params.keep_hot = keep_hot;
    Outcome outcome;
    outcome.receipt = found->second.receipt;
    end_request(lease, outcome);
    done(outcome.receipt);
  });
}

// ------------------------------------------------------------------------------------------------------ ends

void RuntimeImpl::send_generate(RequestId id, Request& request) {
  // Again: the base may have been loading when the request came.
  if (auto fits = check_prompt_size(request.params.prompt, engine_); !fits) {
    return fail_generation(id, request, std::move(fits.error()));
  }
  request.generating = monotonic_now();
  request.has_first_token = false;
  request.tokens = 0;
  Generate message;
  message.request = id;
  message.genome = request.receipt.identity;
  message.prompt = request.params.prompt;  // kept: a retry needs it again
  message.sampling = request.params.sampling;
  message.stop = request.params.stop;
  message.max_tokens = request.params.max_tokens;
  message.ignore_end = request.params.ignore_end;
  if (auto sent = supervisor_->send(request.worker, ToWorker{std::move(message)}); !sent) {
    fail_generation(id, request, std::move(sent.error()));
  }
}

// A generation that ends without an answer; a lease lives on.
void RuntimeImpl::fail_generation(RequestId id, Request& request, Error error) {
  Outcome outcome = failed(std::move(error));
  if (request.is_lease) return finish_generation(request, outcome);
  end_request(id, std::move(outcome));
}

// Completes the receipt of the generation under way and hands the outcome to its sink.
void RuntimeImpl::finish_generation(Request& request, Outcome& outcome) {
  Receipt& receipt = request.receipt;
  receipt.total_ms = to_ms(monotonic_now() - request.arrived);
  if (request.assembly && request.assembly->teardown) receipt.process_teardown_ms = to_ms(*request.assembly->teardown);
  const double assembly_ms = receipt.layer_load_ms + receipt.layer_stack_ms;
  receipt.assembly_ratio = receipt.inference_ms > 0 ? assembly_ms / receipt.inference_ms : 0;
  outcome.receipt = receipt;
  if (!request.sink) return;
  Release& report = request.report;
  report.is_answered = !outcome.error;
  report.error = outcome.error;
  report.tokens += outcome.completion_tokens;  // of a lease: of all its generations
  report.decode += from_ms(receipt.decode_ms);
  ledger_.ended(outcome, request.assembly.get());
  std::exchange(request.sink, nullptr)->on_end(outcome);
}

// A request, or a whole lease, is over.
void RuntimeImpl::end_request(RequestId id, Outcome outcome) {
  const auto found = requests_.find(id);
  if (found == requests_.end()) return;
  Request request = std::move(found->second);
  requests_.erase(found);
  record(request, outcome);
  finish_generation(request, outcome);
  if (request.lease_done) request.lease_done(tl::unexpected(outcome.error.value_or(Error{})));
  request.report.request = id;
  request.report.keep_hot = request.params.keep_hot;
  if (request.is_granted) pool_->feed(std::move(request.report));
  finish_drain_if_idle();
}

// However it ended: an arrival is one. Only who comes back again and again to a genome that is kept out is no demand.
void RuntimeImpl::record(const Request& request, const Outcome& outcome) {
  if (request.is_kept_out) return;
  RecordedRequest row{.arrived = request.arrived,
                      .user = request.params.user,
                      .prompt_tokens = outcome.prompt_tokens,
                      .output_tokens = outcome.completion_tokens};
  for (std::size_t i = 0; i < sizeof row.genome; ++i) row.genome = row.genome << 8 | request.genome.identity.bytes.at(i);
  if (request.assembly) row.load_cost_s = to_ms(request.assembly->ready - request.assembly->began) / 1e3;
  if (const auto page = pages_.find(request.genome.identity); page != pages_.end()) row.bytes = page->second.size();
  trace_.note(row);
}

// ------------------------------------------------------------------------------------------------------ actions

void RuntimeImpl::perform(const Event& event, const std::vector<Action>& actions) {
  for (const Action& action : actions) {
    std::visit([this](const auto& one) { perform_one(one); }, action);
  }
  observer_.observe(event, actions, hour_of_the_week(), [this](const Notice& notice) { tell_manager(notice); });
  if (std::holds_alternative<SetKnobs>(event)) tell_manager(settings_now());
}

void RuntimeImpl::perform_one(const GrantRequest& action) {
  const auto found = requests_.find(action.request);
  if (found == requests_.end()) return;
  Request& request = found->second;
  // Fixed point 1 of the design: only ever a worker whose identity equals the request's own.
  GENEPOOL_CHECK(workers_.at(action.worker).identity == request.genome.identity);
  request.is_granted = true;
  request.granted = monotonic_now();
  request.worker = action.worker;
  request.assembly = action.tier == Tier::kHot ? nullptr : workers_.at(action.worker).assembly;
  Receipt& receipt = request.receipt;
  receipt.tier = action.tier;
  receipt.worker = action.worker;
  receipt.is_retry = receipt.is_retry || action.is_retry;
  receipt.acquire_ms = receipt.queue_ms = to_ms(request.granted - request.arrived);
  if (request.assembly) {
    describe_assembly(*request.assembly, request.genome, receipt);
    const Duration waited = request.assembly->ready - std::max(request.assembly->began, request.arrived);
    receipt.queue_ms = std::max(0.0, receipt.acquire_ms - std::max(0.0, to_ms(waited)));
  }
  if (action.is_retry) ledger_.retried(receipt.genome);
  ledger_.granted(receipt, request.assembly.get(), action.is_first_use);
  if (request.lease_done) std::exchange(request.lease_done, nullptr)(LeaseGrant{action.request, receipt});
  if (request.sink) {
    request.sink->on_stage("granted");
    send_generate(action.request, request);
  }
}

void RuntimeImpl::perform_one(const RefuseRequest& action) {
  const auto found = requests_.find(action.request);
  if (found == requests_.end()) return;
  found->second.is_granted = false;  // the pool has let go of it: no Release
  if (action.is_kept_out) {
    ledger_.kept_out(found->second.receipt);
    if (fall_back(action.request, found->second)) return;
    found->second.is_kept_out = true;
  }
  end_request(action.request, failed(action.error));
}

void RuntimeImpl::perform_one(const BuildPage& action) {
  assembly_of(action.identity, Tier::kCold)->is_ahead = action.is_ahead;
  const ResolvedGenome& genome = known_.at(action.identity);
  layers_wanted_ += genome.layers.size();
  layers_read_ += action.missing.size();
  std::map<LayerId, LayerBytes> resident;
  for (const LayerCharge& layer : genome.layers) {
    if (std::ranges::find(action.missing, layer.id) != action.missing.end()) continue;
    if (const auto found = layers_.find(layer.id); found != layers_.end()) resident.insert(*found);
  }
  for (auto& [id, request] : requests_) {
    if (!request.is_granted && request.sink && request.genome.identity == action.identity) {
      request.sink->on_stage(stage_of(Tier::kCold));
    }
  }
  loaders_.submit([this, genome, resident = std::move(resident)] {
    auto built = std::make_shared<Result<BuiltPage>>(build_page(genome, resident, *store_, spare_));
    loop_.post([this, identity = genome.identity, built] { on_page(identity, std::move(*built)); });
  });
}

void RuntimeImpl::on_page(const Identity& identity, Result<BuiltPage> built) {
  if (!built) {
    log(Level::kError, fmt::format("genome {} cannot be assembled", name_of(identity)), {{"error", built.error().message}});
    assemblies_.erase(identity);
    suspect_layers(identity, built.error());
    return pool_->feed(PageFailed{identity, built.error()});
  }
  const auto assembly = assembly_of(identity, Tier::kCold);
  assembly->load_times = built->load_times;
  assembly->fuse = built->fuse;
  PageBuilt event{identity, 0, {}};
  if (built->page) {
    event.page_bytes = built->page->size();
    wanted_spare_ = event.page_bytes <= knobs().warm_bytes / 8 ? built->page->size() : 0;
    pages_.insert_or_assign(identity, std::move(*built->page));
  }
  for (auto& [id, layer] : built->loaded) {
    event.loaded.push_back({id, layer->file.size()});
    layers_.insert_or_assign(id, std::move(layer));
  }
  ledger_.page_built(known_.at(identity), *assembly, built->load_times.size());
  pool_->feed(std::move(event));
}

void RuntimeImpl::perform_one(const SpawnWorker& action) {
  const bool found_page = !assemblies_.contains(action.identity);
  auto assembly = assembly_of(action.identity, Tier::kWarm);
  if (found_page) ledger_.page_found(known_.at(action.identity));
  // What was done while it waited is no wait of its own.
  if (assembly->is_ahead) assembly->began = std::max(assembly->began, monotonic_now() - assembly->load() - assembly->fuse);
  HotWorker worker;
  worker.identity = action.identity;
  worker.assembly = std::move(assembly);
  workers_.emplace(action.worker, std::move(worker));
  const auto page = pages_.find(action.identity);
  const std::optional<UniqueFd> kv = kv_shelf_.take(action.identity);
  supervisor_->spawn(action.worker, action.identity.hex(), page == pages_.end() ? -1 : page->second.fd(), kv ? kv->get() : -1);
}

// The assembly under way of a genome; begins one. Victims killed since the last one began were killed for it.
std::shared_ptr<AssemblyTimes> RuntimeImpl::assembly_of(const Identity& identity, Tier from) {
  auto& assembly = assemblies_[identity];
  if (!assembly) {
    assembly = std::make_shared<AssemblyTimes>();
    assembly->from = from;
    assembly->began = monotonic_now();
  }
  for (const WorkerId victim : std::exchange(unclaimed_victims_, {})) {
    const auto found = workers_.find(victim);
    if (found == workers_.end()) continue;
    found->second.beneficiary = assembly;
    assembly->evicted.push_back(name_of(found->second.identity));
  }
  return assembly;
}

void RuntimeImpl::perform_one(const ProbeWorker& action) {
  (void)supervisor_->send(action.worker, ToWorker{Ping{action.worker}});  // a worker that gets none fails its health check
}

void RuntimeImpl::perform_one(const KillWorker& action) {
  const auto found = workers_.find(action.worker);
  if (found != workers_.end()) found->second.end_reason = kill_reason_name(action.reason);
  if (found != workers_.end() && action.reason == KillReason::kLeaking) ledger_.leaked(name_of(action.identity), found->second.own_bytes);
  ledger_.left_hot(name_of(action.identity), action.reason, static_cast<std::uint32_t>(config_.pool_max_hot));
  if (action.reason == KillReason::kEvicted) unclaimed_victims_.push_back(action.worker);
  const bool is_sound = action.reason != KillReason::kStuck && action.reason != KillReason::kProbeFailed && action.reason != KillReason::kDraining;
  if (!is_sound || found == workers_.end() || kv_shelf_.quota() == 0) return supervisor_->kill(action.worker);
  // Idle, as victims are: it answers at once, and is killed then.
  found->second.saving_until = monotonic_now() + kKvSaveLimit;
  (void)supervisor_->send(action.worker, SaveKv{kv_shelf_.quota()});
}

void RuntimeImpl::perform_one(const CancelOnWorker& action) {
  const auto found = requests_.find(action.request);
  if (found == requests_.end()) return;
  // A lease without a generation under way has nothing to cancel on the worker.
  if (!found->second.sink) return end_request(action.request, failed(Error{Code::kCancelled, "cancelled", "", std::nullopt}));
  (void)supervisor_->send(action.worker, ToWorker{CancelRequest{action.request}});  // one that gets none is stuck soon
}

void RuntimeImpl::perform_one(const DropPage& action) {
  pages_.erase(action.identity);
  kv_shelf_.drop(action.identity);
  assemblies_.erase(action.identity);
  ledger_.page_dropped(name_of(action.identity));
}

void RuntimeImpl::perform_one(const DropLayer& action) { layers_.erase(action.layer); }

void RuntimeImpl::perform_one(const CommandDone& action) {
  const auto found = commands_.find(action.command);
  if (found == commands_.end()) return;
  Command command = std::move(found->second);
  commands_.erase(found);
  // A preload ends with the page: a worker started later finds it, it does not continue this assembly.
  if (command.goal == Goal::kWarm) assemblies_.erase(command.identity);
  if (action.is_ok) return command.done({});
  Error error = action.error;
  error.message = fmt::format("genome \"{}\": {}", name_of(command.identity), error.message);
  command.done(tl::unexpected(std::move(error)));
}

// ------------------------------------------------------------------------------------------------------ names

void RuntimeImpl::know(const ResolvedGenome& genome) { known_.insert_or_assign(genome.identity, genome); }

std::string RuntimeImpl::name_of(const Identity& identity) const {
  const auto found = known_.find(identity);
  return found == known_.end() ? identity.brief() : found->second.name;
}

// COLD genomes that nobody waits for are forgotten, so that thousands of names cost nothing.
void RuntimeImpl::forget_unused() {
  const PoolSnapshot snapshot = pool_->snapshot();
  if (known_.size() <= snapshot.genomes.size() + requests_.size() + commands_.size() + kKnownSlack) return;
  std::map<Identity, ResolvedGenome> kept;
  const auto keep = [&](const Identity& identity) {
    if (auto node = known_.extract(identity); !node.empty()) kept.insert(std::move(node));
  };
  for (const GenomeStatus& genome : snapshot.genomes) keep(genome.identity);
  for (const GenomeBreakers& genome : pool_->breakers()) keep(genome.identity);
  for (const auto& [id, request] : requests_) keep(request.genome.identity);
  for (const auto& [id, command] : commands_) keep(command.identity);
  for (const auto& [id, worker] : workers_) keep(worker.identity);
  for (const auto& [identity, assembly] : assemblies_) keep(identity);
  known_ = std::move(kept);
}

}  // namespace genepool

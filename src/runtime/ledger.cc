#include "runtime/ledger.h"

#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <limits>

#include "base/log.h"
#include "pool/thrash_text.h"

namespace genepool {
namespace {

double seconds(double ms) { return ms / 1e3; }
double seconds(Duration d) { return to_ms(d) / 1e3; }
std::string ms_text(double ms) { return fmt::format("{:.2f}", ms); }

// Not waited for here: SIGCHLD's default leaves a zombie, so a shell is asked to run it in the background and ends at once.
void run_alarm_command(const std::string& command, const ThrashState& state) {
  const std::string script = "\"$0\" \"$@\" </dev/null >/dev/null 2>&1 &";
  const std::string rising = state.is_thrashing ? "rising" : "falling";
  const std::string ratio = fmt::format("{:.3f}", state.ratio);
  std::array<char*, 7> argv = {const_cast<char*>("sh"), const_cast<char*>("-c"), const_cast<char*>(script.c_str()),
                               const_cast<char*>(command.c_str()), const_cast<char*>(rising.c_str()),
                               const_cast<char*>(ratio.c_str()), nullptr};
  posix_spawnattr_t attributes;
  sigset_t none;
  sigemptyset(&none);
  ::posix_spawnattr_init(&attributes);
  ::posix_spawnattr_setsigmask(&attributes, &none);  // a server blocks signals; a command wants them
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  pid_t pid = 0;
  const int error = ::posix_spawn(&pid, "/bin/sh", nullptr, &attributes, argv.data(), environ);
  ::posix_spawnattr_destroy(&attributes);
  if (error != 0) {
    log(Level::kError, "thrash.command cannot be run", {{"error", fail_errno("run it", error).value().message}});
    return;
  }
  (void)::waitpid(pid, nullptr, 0);
}

ThrashOptions thrash_options(const Config& config) {
  return {.ratio = config.thrash_ratio, .window = std::chrono::milliseconds(config.thrash_window)};
}

}  // namespace

std::string_view tier_name(Tier tier) {
  switch (tier) {
    case Tier::kCold: return "cold";
    case Tier::kWarm: return "warm";
    case Tier::kHot: return "hot";
  }
  return "cold";
}

Ledger::Ledger(Metrics& metrics, EventFeed& feed, const Config& config)
    : metrics_(metrics), feed_(feed), thrash_(thrash_options(config)), hit_rate_(config.cache_hit_rate_min), alarm_command_(config.thrash_command) {}

void Ledger::configure(const Config& config) {
  thrash_.configure(thrash_options(config));
  hit_rate_.configure(config.cache_hit_rate_min);
  alarm_command_ = config.thrash_command;
}

void Ledger::arrived(const Receipt& receipt) {
  feed_.publish("request", {{"request", receipt.request}, {"genome", receipt.genome}, {"stage", "queued"}});
}

void Ledger::granted(const Receipt& receipt, const AssemblyTimes* assembly, bool is_first_use) {
  const std::string_view tier = tier_name(receipt.tier);
  feed_.publish("request", {{"request", receipt.request}, {"genome", receipt.genome}, {"stage", "granted"}, {"tier", std::string(tier)},
                            {"queue_ms", receipt.queue_ms}, {"acquire_ms", receipt.acquire_ms}});
  metrics_.add(Counter::kLookups, {tier});
  metrics_.observe(Histogram::kAcquireSeconds, seconds(receipt.acquire_ms), {tier});
  metrics_.observe(Histogram::kQueueSeconds, seconds(receipt.queue_ms));
  const std::string ms = ms_text(receipt.acquire_ms);
  if (receipt.tier == Tier::kHot || assembly == nullptr) {
    log(Level::kInfo, fmt::format("HOT hit: {} ({} ms startup)", receipt.genome, ms));
  } else if (receipt.tier == Tier::kWarm) {
    log(Level::kInfo, fmt::format("WARM hit: {} ({} ms, page in RAM, fast assembly)", receipt.genome, ms));
  } else {
    const char* const from = receipt.layer_load_ms > 0 ? "loaded from disk" : "no page, layers in RAM";
    log(Level::kInfo, fmt::format("COLD start: {} ({} ms, {})", receipt.genome, ms, from));
  }
  watch_hit_rate(receipt.tier != Tier::kCold, is_first_use);
}

void Ledger::watch_hit_rate(bool is_hit, bool is_first_use) {
  const std::optional<bool> change = hit_rate_.on_request(is_hit, is_first_use);
  const double rate = hit_rate_.rate().value_or(1);
  metrics_.set(Gauge::kHitRate, rate);
  if (!change) return;
  metrics_.set(Gauge::kHitRateLow, *change ? 1 : 0);
  log(*change ? Level::kWarn : Level::kInfo, *change ? "few genomes find their page in RAM" : "genomes find their page in RAM again",
      {{"hit_rate", fmt::format("{:.2f}", rate)}, {"try", "a larger warm.bytes and warm.max_genomes"}});
  feed_.publish("hit_rate", {{"state", *change ? "low" : "over"}, {"rate", rate}});
}

void Ledger::page_built(const ResolvedGenome& genome, const AssemblyTimes& assembly, std::size_t missing) {
  if (genome.layers.size() > missing) {
    metrics_.add(Counter::kLayerLookups, {"hit"}, static_cast<double>(genome.layers.size() - missing));
  }
  if (missing > 0) metrics_.add(Counter::kLayerLookups, {"miss"}, static_cast<double>(missing));
  feed_.publish("tier", {{"genome", genome.name}, {"from", "cold"}, {"to", "warm"}, {"layers_loaded", static_cast<std::int64_t>(missing)},
                         {"ms", to_ms(assembly.load() + assembly.fuse)}});
  for (const auto& [layer, time] : assembly.load_times) {
    metrics_.observe(Histogram::kLayerLoadSeconds, seconds(time));
    metrics_.sample(Timing::kLayerLoad, time);
  }
}

void Ledger::page_found(const ResolvedGenome& genome) {
  if (!genome.layers.empty()) metrics_.add(Counter::kLayerLookups, {"hit"}, static_cast<double>(genome.layers.size()));
}

void Ledger::assembled(const ResolvedGenome& genome, const AssemblyTimes& assembly, bool is_demanded) {
  const std::string_view from = tier_name(assembly.from);
  feed_.publish("tier", {{"genome", genome.name}, {"from", "warm"}, {"to", "hot"}, {"ms", to_ms(assembly.spawn + assembly.attach + assembly.reserve)}});
  metrics_.add(Counter::kPageIns, {from, is_demanded ? "demand" : "command"});
  if (is_demanded && thrash_.on_page_in(genome.name, monotonic_now())) metrics_.add(Counter::kRefaults);
  metrics_.observe(Histogram::kPageInSeconds, seconds(assembly.load()), {from, "layer_load"});
  metrics_.observe(Histogram::kPageInSeconds, seconds(assembly.stack()), {from, "layer_stack"});
  metrics_.observe(Histogram::kPageInSeconds, seconds(assembly.spawn), {from, "process_spawn"});
  metrics_.observe(Histogram::kPageInSeconds, seconds(assembly.ready - assembly.began), {from, "total"});
  metrics_.observe(Histogram::kSpawnSeconds, seconds(assembly.spawn));
  metrics_.sample(Timing::kProcessSpawn, assembly.spawn);
  // One sample a layer, so that it compares with the founding document's limit per layer.
  const auto layers = static_cast<Duration::rep>(genome.stack.size());
  for (Duration::rep i = 0; i < layers; ++i) metrics_.sample(Timing::kLayerStack, assembly.stack() / layers);
}

void Ledger::leaked(const std::string& name, std::uint64_t own_bytes) {
  log(Level::kWarn, fmt::format("the worker of {} has grown too much and is replaced (pool.worker_growth)", name),
      {{"own_mb", fmt::format("{:.0f}", static_cast<double>(own_bytes) / 1e6)}});
  feed_.publish("worker", {{"genome", name}, {"state", "leaking"}, {"own_bytes", static_cast<std::int64_t>(own_bytes)}});
}

void Ledger::left_hot(const std::string& name, KillReason reason, std::uint32_t places) {
  metrics_.add(Counter::kPageOuts, {"warm", kill_reason_name(reason)});
  feed_.publish("tier", {{"genome", name}, {"from", "hot"}, {"to", "warm"}, {"reason", std::string(kill_reason_name(reason))}});
  if (reason == KillReason::kEvicted) {
    evictions_.push_back(monotonic_now());
    thrash_.on_evicted(name, places);
  }
  log(Level::kInfo, fmt::format("Evicted {} from HOT pool", name), {{"reason", std::string(kill_reason_name(reason))}});
}

void Ledger::page_dropped(const std::string& name) {
  metrics_.add(Counter::kPageOuts, {"cold", "evicted"});
  feed_.publish("tier", {{"genome", name}, {"from", "warm"}, {"to", "cold"}});
  log(Level::kInfo, fmt::format("Evicted {} from WARM pool", name));
}

void Ledger::worker_gone(const std::string& name, const std::string& reason, const WorkerEnd& end) {
  metrics_.add(Counter::kWorkerExits, {reason});
  if (!end.teardown) {
    const std::string how = end.detail < 0 ? "unknown" : fmt::format("{} {}", end.by_signal ? "signal" : "exit status", end.detail);
    log(Level::kError, fmt::format("worker of {} died", name), {{"how", how}});
    feed_.publish("worker", {{"genome", name}, {"state", "died"}, {"how", how}});
    return;
  }
  metrics_.observe(Histogram::kTeardownSeconds, seconds(*end.teardown));
  metrics_.sample(Timing::kProcessTeardown, *end.teardown);
}

void Ledger::ended(const Outcome& outcome, AssemblyTimes* assembly) {
  const Receipt& r = outcome.receipt;
  const std::string_view code = outcome.error ? error_row(outcome.error->code).api_code : "ok";
  feed_.publish("request", {{"request", r.request}, {"genome", r.genome}, {"stage", "ended"}, {"code", std::string(code)},
                            {"tokens", std::int64_t{outcome.completion_tokens}}, {"first_token_ms", r.first_token_ms}, {"total_ms", r.total_ms}});
  metrics_.sample(Timing::kTotalRequest, from_ms(r.total_ms));
  if (outcome.error || outcome.completion_tokens == 0) return;
  metrics_.sample(Timing::kInference, from_ms(r.inference_ms));
  metrics_.observe(Histogram::kInferenceSeconds, seconds(r.inference_ms));
  metrics_.observe(Histogram::kPrefillSeconds, seconds(r.prefill_ms));
  metrics_.observe(Histogram::kDecodeSeconds, seconds(r.decode_ms));
  metrics_.observe(Histogram::kTtftSeconds, seconds(r.first_token_ms), {tier_name(r.tier)});
  if (outcome.completion_tokens > 1) {
    metrics_.observe(Histogram::kTpotSeconds, seconds(r.decode_ms / (outcome.completion_tokens - 1)));
  }
  // Stacks that clients compose would take all labels there are from the genomes that have names.
  const std::string_view genome = is_inline_stack(r.genome) ? kOtherGenomes : r.genome;
  metrics_.add(Counter::kPromptTokens, {genome}, outcome.prompt_tokens);
  metrics_.add(Counter::kCompletionTokens, {genome}, outcome.completion_tokens);
  metrics_.add(Counter::kCachedTokens, {genome}, outcome.cached_tokens);

  // Joiners waited for the same assembly; it is one assembly all the same.
  const bool counts = assembly != nullptr && !assembly->was_counted;
  if (counts) assembly->was_counted = true;
  AssemblyCost cost;
  if (counts) cost = {from_ms(r.layer_load_ms), from_ms(r.layer_stack_ms), from_ms(r.process_spawn_ms)};
  if (thrash_.on_request(r.genome, cost, from_ms(r.inference_ms), monotonic_now())) {
    metrics_.add(Counter::kThrashRequests);
    log(Level::kError, "THRASHING: Assembly time exceeds inference time!",
        {{"genome", r.genome},
         {"assembly_ms", ms_text(to_ms(cost.assembly()))},
         {"inference_ms", ms_text(r.inference_ms)},
         {"ratio", fmt::format("{:.2f}x", r.assembly_ratio)}});
  }
  check_alarm();
}

void Ledger::retried(const std::string& name) {
  metrics_.add(Counter::kRetries);
  feed_.publish("worker", {{"genome", name}, {"state", "retried"}});
  log(Level::kWarn, fmt::format("request of {} goes to a second worker: the first died before its first token", name));
}

void Ledger::breaker_changed(const std::string& name, const BreakerChanged& change) {
  const std::string kind(breaker_kind_name(change.kind)), from(breaker_state_name(change.from)), to(breaker_state_name(change.to));
  metrics_.add(Counter::kBreakerChanges, {kind, to});
  const bool is_good_news = change.to == BreakerState::kClosed || change.to == BreakerState::kHalfOpen;
  log(is_good_news ? Level::kInfo : Level::kWarn, fmt::format("{} breaker of {}: {} -> {}", kind, name, from, to),
      {{"cause", std::string(breaker_cause_name(change.cause))}, {"why", change.why}});
  feed_.publish("breaker", {{"genome", name}, {"breaker", kind}, {"from", from}, {"to", to}, {"why", change.why}});
}

void Ledger::kept_out(const Receipt& receipt) {
  metrics_.add(Counter::kBreakerRefusals);
  feed_.publish("request", {{"request", receipt.request}, {"genome", receipt.genome}, {"stage", "kept_out"}});
}

void Ledger::breakers_are(const std::vector<GenomeBreakers>& marked) {
  const auto count = [&](BreakerStatus GenomeBreakers::* kind) {
    return static_cast<double>(std::ranges::count_if(marked, [&](const GenomeBreakers& g) { return is_shut((g.*kind).state); }));
  };
  metrics_.set(Gauge::kBreakersOpen, count(&GenomeBreakers::load), {"load"});
  metrics_.set(Gauge::kBreakersOpen, count(&GenomeBreakers::answer), {"answer"});
}

void Ledger::manager_is(const ManagerStatus& status, bool is_up) {
  constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
  const ManagerStatus::Guesses& g = status.guesses;
  metrics_.set(Gauge::kManagerUp, is_up ? 1 : 0);
  metrics_.set(Gauge::kGateOpen, status.is_gate_open ? 1 : 0);
  metrics_.set(Gauge::kGuesses, static_cast<double>(g.used), {"used"});
  metrics_.set(Gauge::kGuesses, static_cast<double>(g.wasted), {"wasted"});
  metrics_.set(Gauge::kGuesses, static_cast<double>(g.issued - g.used - g.wasted), {"open"});
  metrics_.set(Gauge::kGuessPrecision, g.used + g.wasted > 0 ? g.precision : kUnknown);
  metrics_.set(Gauge::kGuessRecall, g.used + g.misses > 0 ? g.recall : kUnknown);
  metrics_.set(Gauge::kGuessWasted, g.wasted_ms / 1e3);
  metrics_.set(Gauge::kRegret, status.regret.value_or(kUnknown));
}

void Ledger::decided(const Decision& d) {
  metrics_.add(Counter::kDecisions, {decision_kind_name(d.kind)});
  feed_.publish("decision", {{"decision", static_cast<std::int64_t>(d.id)}, {"kind", std::string(decision_kind_name(d.kind))}, {"subject", d.subject},
                             {"action", d.action}, {"reason", d.reason}, {"expected", d.expected}});
}

void Ledger::realised(std::uint64_t decision, double value, const std::string& outcome) {
  feed_.publish("outcome", {{"decision", static_cast<std::int64_t>(decision)}, {"realised", value}, {"outcome", outcome}});
}

void Ledger::guessed(const std::string& name, const std::string& victim, double chance) {
  feed_.publish("prewarm", {{"genome", name}, {"victim", victim}, {"p", chance}});
}

void Ledger::setting_changed(std::string_view name, std::string_view value) {
  log(Level::kInfo, "setting changed", {{"name", std::string(name)}, {"value", std::string(value)}});
  feed_.publish("setting", {{"name", std::string(name)}, {"value", std::string(value)}});
}

void Ledger::base_is(BasePhase phase, const std::string& error) {
  static constexpr std::array<const char*, 4> kNames = {"loading", "ready", "restarting", "failed"};
  feed_.publish("base", {{"phase", kNames.at(static_cast<std::size_t>(phase))}, {"error", error}});
}

void Ledger::check_alarm() {
  const auto change = thrash_.update(monotonic_now());
  const ThrashState state = thrash_.state();
  metrics_.set(Gauge::kThrashRatio, state.ratio);
  metrics_.set(Gauge::kThrashShare, state.share);
  metrics_.set(Gauge::kRefaultShare, state.refault_share);
  if (!change) return;
  metrics_.set(Gauge::kThrashing, *change ? 1 : 0);
  if (*change) metrics_.add(Counter::kThrashAlarms);
  const ThrashCauses causes = thrash_.causes();
  log(*change ? Level::kError : Level::kInfo, *change ? "THRASHING DETECTED!" : "thrashing is over",
      {{"ratio", fmt::format("{:.3f}", state.ratio)},
       {"assembly_ms", ms_text(state.mean_assembly_ms)},
       {"inference_ms", ms_text(state.mean_inference_ms)},
       {"why", thrash_text(state, causes)}});
  feed_.publish("thrash", {{"state", *change ? "rising" : "over"}, {"ratio", state.ratio}, {"assembly_ms", state.mean_assembly_ms},
                           {"inference_ms", state.mean_inference_ms}, {"why", thrash_text(state, causes)}});
  if (!alarm_command_.empty()) run_alarm_command(alarm_command_, state);
  if (alarm_) alarm_(state, causes);
}

void Ledger::update(const PoolSnapshot& pool, const CoreGate::Usage& gate, const KvShelf::Usage& kv) {
  check_alarm();
  (void)evictions_last_minute();  // forgets the older ones
  metrics_.set(Gauge::kRequestsRunning, pool.in_flight);
  metrics_.set(Gauge::kRequestsWaiting, pool.waiting);
  metrics_.set(Gauge::kTierBytes, static_cast<double>(pool.hot_bytes), {"hot"});
  metrics_.set(Gauge::kTierBytes, static_cast<double>(pool.warm_page_bytes), {"warm"});
  metrics_.set(Gauge::kTierBytes, static_cast<double>(pool.layer_bytes), {"layers"});
  metrics_.set(Gauge::kTierBytes, static_cast<double>(kv.bytes), {"kv"});
  metrics_.set(Gauge::kTierLimitBytes, static_cast<double>(pool.knobs.hot_bytes), {"hot"});
  metrics_.set(Gauge::kTierLimitBytes, static_cast<double>(pool.knobs.warm_bytes), {"warm"});
  metrics_.set(Gauge::kTierGenomes, pool.hot, {"hot"});
  metrics_.set(Gauge::kTierGenomes, pool.warm, {"warm"});
  std::array<std::uint32_t, 5> states{};
  for (const GenomeStatus& genome : pool.genomes) {
    if (genome.worker) ++states.at(static_cast<std::size_t>(genome.worker_state));
  }
  constexpr std::array<std::string_view, 5> kNames = {"starting", "idle", "probing", "busy", "dying"};
  for (std::size_t i = 0; i < states.size(); ++i) metrics_.set(Gauge::kWorkers, states[i], {kNames[i]});
  metrics_.set(Gauge::kGateHeld, gate.held, {"held"});
  metrics_.set(Gauge::kGateHeld, gate.waiting, {"waiting"});
  metrics_.set(Gauge::kGateHeld, gate.cores, {"cores"});
}

double Ledger::evictions_last_minute() {
  const Instant now = monotonic_now();
  while (!evictions_.empty() && now - evictions_.front() > std::chrono::minutes(1)) evictions_.pop_front();
  return static_cast<double>(evictions_.size());
}

}  // namespace genepool

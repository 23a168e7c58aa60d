#include "pool/pool_harness.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace genepool {
namespace {

using namespace std::chrono_literals;

char name_of(const Identity& identity) { return static_cast<char>(identity.bytes[1]); }

}  // namespace

Digest test_digest(char kind, char name) {
  Digest d;
  d.bytes[0] = static_cast<std::uint8_t>(kind);
  d.bytes[1] = static_cast<std::uint8_t>(name);
  return d;
}

Knobs test_knobs() {
  Knobs k;
  k.hot_bytes = 1500;
  k.kv_bytes_per_worker = 50;
  k.warm_bytes = 1000;
  k.turn = 2s;
  k.stuck_after = 10s;
  k.probe_timeout = 500ms;
  k.load_prior = 5ms;  // what a spawn takes here
  return k;
}

Knobs knobs_with(std::uint32_t max_hot) {
  Knobs k = test_knobs();
  k.max_hot = max_hot;
  return k;
}

Harness::Harness(const Knobs& knobs) : pool(knobs), knobs_(knobs) { send(SetKnobs{knobs}); }

// 'A' has the layer a (30 bytes) and one that all genomes share; '0' is the bare base.
const GenomeSpec& Harness::spec(char genome) {
  const auto [it, is_new] = specs.try_emplace(genome);
  if (is_new) {
    it->second.identity = test_digest('G', genome);
    if (genome != '0') {
      it->second.page_bytes = 100;
      it->second.layers = {{test_digest('L', genome), 30}, {test_digest('L', '*'), 20}};
    }
  }
  return it->second;
}

RequestId Harness::arrive(char genome, Duration patience, bool is_lease) {
  const RequestId id = ++last_request_;
  asked[id] = {.genome = genome, .arrived = now};
  send(Arrive{.request = id, .genome = spec(genome), .deadline = now + patience, .is_lease = is_lease});
  return id;
}

void Harness::release(RequestId request, bool keep_hot) {
  Asked& r = asked.at(request);
  if (!r.is_granted || r.is_ended) return;
  r.is_ended = true;
  processes.at(r.worker).in_flight.erase(request);
  Release end{.request = request, .keep_hot = keep_hot};
  if (script.answer_error || happens(mishaps.answer_fails)) {
    end.error = script.answer_error.value_or(Error{Code::kInternal, "the engine failed", "", std::nullopt});
  } else {
    end.is_answered = true;
    end.tokens = kTokens;
    end.decode = (now - r.granted) / 2;
  }
  send(end);
}

void Harness::cancel(RequestId request) {
  Asked& r = asked.at(request);
  if (r.is_ended) return;
  if (!r.is_granted) r.is_ended = true;
  send(Cancel{request});
}

void Harness::die(WorkerId worker) {
  Process& p = processes.at(worker);
  if (p.is_gone) return;
  p.is_gone = true;
  const std::set<RequestId> lost = std::move(p.in_flight);
  p.in_flight.clear();
  for (const RequestId id : lost) asked.at(id).is_granted = false;
  send(WorkerGone{worker});
  for (const RequestId id : lost) {  // what it had said before may be read after its death
    Asked& r = asked.at(id);
    if (r.is_ended || r.is_granted || !happens(mishaps.late)) continue;
    const bool was_complete = rng() % 2 == 0;
    r.is_ended = was_complete;
    was_complete ? send(Release{id, true}) : send(FirstToken{id});
  }
}

CommandId Harness::bring(char genome, Goal goal, Duration patience) {
  commands[++last_command_] = std::nullopt;
  send(BringTo{last_command_, spec(genome), goal, now + patience});
  return last_command_;
}

CommandId Harness::prewarm(char genome, std::optional<char> victim, Duration protection, Duration patience) {
  commands[++last_command_] = std::nullopt;
  std::optional<Identity> leaves;
  if (victim) leaves = spec(*victim).identity;
  send(Prewarm{last_command_, spec(genome), leaves, now + protection, now + patience});
  return last_command_;
}

CommandId Harness::demote(char genome) {
  commands[++last_command_] = std::nullopt;
  send(Demote{last_command_, spec(genome).identity});
  return last_command_;
}

void Harness::pin(char genome, bool is_pinned) {
  is_pinned ? (void)pinned_.insert(genome) : (void)pinned_.erase(genome);
  send(SetPin{spec(genome), is_pinned});
}

void Harness::layer_gone(char genome) { send(LayerGone{test_digest('L', genome)}); }

void Harness::layer_changed(char genome) { send(LayerChanged{test_digest('L', genome)}); }

void Harness::set_breaker(char genome, BreakerWish wish) { send(SetBreaker{spec(genome).identity, wish}); }

void Harness::knobs(const std::function<void(Knobs&)>& change) {
  change(knobs_);
  send(SetKnobs{knobs_});
}

void Harness::send(const Event& event) {
  ++events;
  is_draining_ = is_draining_ || std::holds_alternative<Drain>(event);
  log.append("\n").append(event_line(event, now));
  pool.on(event, now, [this](const Action& action) {
    const std::string line = action_line(action);
    log.append("\n").append(line);
    actions.append(line).append("\n");
    perform(action);
  });
#ifdef NDEBUG  // a debug build has just looked itself
  ASSERT_EQ(pool.check_invariants(), "") << "after " << event_line(event, now);
#endif
  ASSERT_GT(pool.next_wakeup(), now) << "busy ticking after " << event_line(event, now);
}

void Harness::heat(char genome) {
  (void)arrive(genome);
  run(200ms);
  ASSERT_EQ(status(genome).tier, Tier::kHot);
}

RequestId Harness::occupy(char genome) {
  script.releases = false;
  const RequestId r = arrive(genome);
  run(100ms);
  EXPECT_TRUE(asked.at(r).is_granted);
  return r;
}

void Harness::run(Duration duration) {
  const Instant end = now + duration;
  while (true) {
    const Instant next = due_.empty() ? Instant::max() : due_.begin()->first;
    const Instant tick = pool.next_wakeup();
    if (std::min(next, tick) > end) break;
    now = std::max(now, std::min(next, tick));
    if (tick <= next) {
      ++ticks;
      send(Tick{});
      continue;
    }
    const auto what = std::move(due_.begin()->second);
    due_.erase(due_.begin());
    what();
  }
  now = end;
}

void Harness::run_until_quiet(Duration limit) {
  const Instant end = now + limit;
  while (now < end && !(due_.empty() && is_quiet())) {
    const Instant next = std::min(due_.empty() ? Instant::max() : due_.begin()->first, pool.next_wakeup());
    if (next > end) return;
    run(next - now);
  }
}

void Harness::after(Duration delay, std::function<void()> what) { due_.emplace(now + vary(delay), std::move(what)); }

bool Harness::happens(double chance) { return chance > 0 && static_cast<double>(rng() % 10000) < chance * 10000; }

Duration Harness::vary(Duration delay) {
  if (mishaps.late == 0) return delay;
  const double share = static_cast<double>(50 + rng() % 100) / 100;
  return Duration(static_cast<Duration::rep>(static_cast<double>(delay.count()) * share));
}

void Harness::perform(const Action& action) {
  std::visit([this](const auto& a) { perform(a); }, action);
}

void Harness::perform(const GrantRequest& a) {
  Asked& r = asked.at(a.request);
  Process& p = processes.at(a.worker);
  EXPECT_FALSE(r.is_ended || r.is_granted) << "request " << a.request << " is granted twice";
  EXPECT_EQ(p.genome, r.genome) << "the worker of another genome";
  EXPECT_EQ(name_of(a.identity), r.genome);
  EXPECT_TRUE(p.is_ready && !p.is_killed && !p.is_gone) << "granted a worker that is not there";
  EXPECT_LT(p.in_flight.size(), knobs_.sequences);
  EXPECT_EQ(a.is_retry, r.grants > 0);
  ++r.grants;
  r.is_granted = true;
  r.worker = a.worker;
  r.tier = a.tier;
  r.granted = now;
  p.in_flight.insert(a.request);
  const auto is_ours = [this, id = a.request, worker = a.worker] {
    const Asked& mine = asked.at(id);
    return !mine.is_ended && mine.is_granted && mine.worker == worker && !deaf.contains(worker);
  };
  if (happens(mishaps.deaf)) deaf.insert(a.worker);
  if (happens(mishaps.dies)) after(script.inference / 2, [this, w = a.worker] { die(w); });
  if (!script.releases) return;
  const auto slow = script.slowness.find(r.genome);
  const double times = slow == script.slowness.end() ? 1 : slow->second;
  const Duration inference = vary(Duration(static_cast<Duration::rep>(static_cast<double>(script.inference.count()) * times)));
  for (Duration at = script.heartbeat; at < inference; at += script.heartbeat) {
    after(at, [=, this, w = a.worker] { if (is_ours()) send(WorkerAlive{w}); });
  }
  after(inference / 2, [=, this, id = a.request] { if (is_ours()) send(FirstToken{id}); });
  after(inference, [=, this, id = a.request] { if (is_ours()) release(id, !happens(mishaps.keeps_cold)); });
}

void Harness::perform(const RefuseRequest& a) {
  Asked& r = asked.at(a.request);
  EXPECT_FALSE(r.is_ended) << "request " << a.request << " ends twice";
  EXPECT_FALSE(r.is_granted) << "refused although a live worker has it";
  EXPECT_FALSE(a.error.message.empty());
  r.is_ended = true;
  r.refusal = a.error;
}

void Harness::perform(const BuildPage& a) {
  EXPECT_FALSE(pages_.contains(a.identity) || building_.contains(a.identity)) << "a page is built twice";
  building_.insert(a.identity);
  const GenomeSpec& genome = spec(name_of(a.identity));
  PageBuilt built{a.identity, script.page_bytes.value_or(genome.page_bytes), {}};
  std::vector<LayerId> absent;
  for (const LayerCharge& layer : genome.layers) {
    if (layers_.contains(layer.id)) continue;
    absent.push_back(layer.id);
    built.loaded.push_back(layer);
  }
  EXPECT_EQ(a.missing, absent) << "only what is missing is read";
  std::optional<Error> error = script.page_error;
  if (!error && happens(mishaps.page_fails)) error = Error{Code::kLayerCorrupt, "the checksum of a layer is wrong", "", std::nullopt};
  after(script.build, [this, built, error] {
    building_.erase(built.identity);
    if (error) return send(PageFailed{built.identity, *error});
    pages_.insert(built.identity);
    for (const LayerCharge& layer : built.loaded) layers_.insert(layer.id);
    send(built);
  });
}

void Harness::perform(const SpawnWorker& a) {
  const char genome = name_of(a.identity);
  EXPECT_TRUE(pages_.contains(a.identity) || spec(genome).layers.empty()) << "spawned without a page";
  for (const auto& [id, p] : processes) EXPECT_FALSE(p.genome == genome && !p.is_gone) << "two workers of one genome";
  processes[a.worker].genome = genome;
  const bool fails = script.spawn_error || happens(mishaps.spawn_fails);
  const bool dies = happens(mishaps.dies);
  after(script.spawn, [this, w = a.worker, fails, dies] {
    Process& p = processes.at(w);
    if (p.is_gone) return;
    if (dies) return die(w);
    if (fails) {
      p.is_gone = true;
      const Error error{rng() % 2 == 0 ? Code::kUnavailable : Code::kLayerRejected, "no attach", "", std::nullopt};
      return send(WorkerFailed{w, script.spawn_error.value_or(error)});
    }
    p.is_ready = true;
    send(WorkerReady{w});
  });
}

void Harness::perform(const ProbeWorker& a) {
  const Process& p = processes.at(a.worker);
  EXPECT_TRUE(p.is_ready && !p.is_killed && p.in_flight.empty());
  if (happens(mishaps.deaf)) deaf.insert(a.worker);
  after(script.probe, [this, w = a.worker] { if (!deaf.contains(w)) send(ProbeAnswered{w}); });  // perhaps after its death
}

void Harness::perform(const KillWorker& a) {
  Process& p = processes.at(a.worker);
  EXPECT_FALSE(p.is_killed || p.is_gone) << "killed twice";
  EXPECT_EQ(p.genome, name_of(a.identity));
  const bool is_silent = a.reason == KillReason::kStuck || a.reason == KillReason::kProbeFailed;
  const bool is_sick = is_silent || a.reason == KillReason::kLeaking;
  EXPECT_TRUE(is_silent || p.in_flight.empty()) << "a busy worker is evicted";
  EXPECT_FALSE(!is_sick && !is_draining_ && pinned_.contains(p.genome)) << "a pinned worker is evicted";
  p.is_killed = true;
  kills.push_back(a.reason);
  after(script.teardown, [this, w = a.worker] { die(w); });
}

void Harness::perform(const CancelOnWorker& a) {
  const Asked& r = asked.at(a.request);
  EXPECT_TRUE(r.is_granted && r.worker == a.worker);
  after(script.probe, [this, id = a.request, w = a.worker] {
    if (!deaf.contains(w) && asked.at(id).is_granted && !processes.at(w).is_gone) release(id);
  });
}

void Harness::perform(const DropPage& a) {
  EXPECT_EQ(pages_.erase(a.identity), 1u) << "a page is dropped that is not there";
  for (const auto& [id, p] : processes) {
    EXPECT_FALSE(p.genome == name_of(a.identity) && !p.is_gone) << "a page in use is dropped";
  }
}

void Harness::perform(const DropLayer& a) {
  EXPECT_EQ(layers_.erase(a.layer), 1u) << "a layer is dropped that is not there";
}

void Harness::perform(const CommandDone& a) {
  EXPECT_FALSE(commands.at(a.command)) << "a command is done twice";
  commands.at(a.command) = a;
}

std::optional<Tier> Harness::tier_of(RequestId request) const {
  const Asked& r = asked.at(request);
  return r.grants > 0 ? std::optional(r.tier) : std::nullopt;
}

std::optional<Code> Harness::refusal_of(RequestId request) const {
  const auto& refusal = asked.at(request).refusal;
  return refusal ? std::optional(refusal->code) : std::nullopt;
}

bool Harness::is_ended(RequestId request) const { return asked.at(request).is_ended; }

std::optional<bool> Harness::done(CommandId command) const {
  const auto& done = commands.at(command);
  return done ? std::optional(done->is_ok) : std::nullopt;
}

GenomeStatus Harness::status(char genome) const {
  for (const GenomeStatus& g : pool.snapshot().genomes) {
    if (g.identity == test_digest('G', genome)) return g;
  }
  return {};
}

BreakerState Harness::breaker(char genome, BreakerKind kind) const {
  for (const GenomeBreakers& g : pool.breakers(now)) {
    if (g.identity == test_digest('G', genome)) return (kind == BreakerKind::kLoad ? g.load : g.answer).state;
  }
  return BreakerState::kClosed;
}

std::optional<WorkerId> Harness::worker_of(char genome) const {
  const GenomeStatus g = status(genome);
  return g.worker_state == WorkerState::kDying ? std::nullopt : g.worker;
}

int Harness::count(const std::string& word) const {
  int found = 0;
  for (std::size_t at = actions.find(word); at != std::string::npos; at = actions.find(word, at + 1)) ++found;
  return found;
}

bool Harness::is_quiet() const {
  return std::all_of(asked.begin(), asked.end(), [](const auto& r) { return r.second.is_ended; }) &&
         std::all_of(commands.begin(), commands.end(), [](const auto& c) { return c.second.has_value(); });
}

}  // namespace genepool

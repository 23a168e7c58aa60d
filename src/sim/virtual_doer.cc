#include "sim/virtual_doer.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace genepool {
namespace {

Digest numbered(std::uint8_t kind, std::uint32_t number) {
  Digest digest;
  digest.bytes[0] = kind;
  for (std::size_t i = 0; i < 4; ++i) digest.bytes[1 + i] = static_cast<std::uint8_t>(number >> (24 - 8 * i));
  return digest;
}

double to_seconds(Duration duration) { return to_ms(duration) / 1e3; }

// A factor of 1 leaves it to the nanosecond.
Duration scaled(Duration duration, double times) {
  return times == 1 ? duration : Duration(static_cast<Duration::rep>(static_cast<double>(duration.count()) * times));
}

constexpr std::string_view kScripted = "the fault script says so";

}  // namespace

VirtualDoer::VirtualDoer(const Trace& trace, const SimulationOptions& options)
    : options_(options),
      random_(options.seed),
      pool_(options.knobs),
      computing_(*options.costs),
      trace_(trace),
      knobs_(options.knobs),
      manager_(options.manager, options.knobs, Instant{}),
      observer_([this](const Identity& identity) { return seen(genome_of(identity)); }),
      thrash_(ThrashOptions{}),
      faults_(options.faults, trace.requests.empty() ? Instant{} : from_ms(trace.requests.front().t_seconds * 1e3), options.seed) {
  result_.timeline = Timeline(trace);
  specs_.reserve(trace.genomes.size());
  for (std::uint32_t i = 0; i < trace.genomes.size(); ++i) {
    const std::uint64_t told = trace.genomes[i].bytes;
    const std::uint64_t bytes = told > 0 ? told : options.default_bytes;
    specs_.push_back({numbered('G', i), bytes, {{numbered('L', i), bytes}}});
    genomes_.emplace(specs_.back().identity, i);
  }
  sink_ = [this](const Action& action) {
    actions_.push_back(action);
    std::visit([this](const auto& a) { perform(a); }, action);
  };
  wishes_ = [this](const Wish& wish) { carry_out(wish); };
}

void VirtualDoer::arrive(const TraceRequest& request, Instant now) {
  run_until(now);
  now_ = now;
  if (result_.requests++ == 0) {
    began_ = integrated_ = now;
    if (options_.manager.mode != ManagerMode::kOff) next_status_ = now + status_every();
  }
  result_.timeline.on_arrival(now);
  const RequestId id = ++last_request_;
  const auto or_default = [](std::uint32_t told, std::uint32_t otherwise) { return told > 0 ? told : otherwise; };
  pending_[id] = {request.genome, or_default(request.prompt_tokens, options_.default_prompt), or_default(request.output_tokens, options_.default_output), now};
  const std::uint64_t user = request.user == kNoUser ? 0 : request.user + 1ULL;
  feed(Arrive{id, specs_[request.genome], now + options_.patience, user});
}

Instant VirtualDoer::next_at() const {
  Instant at = std::min({pool_.next_wakeup(), next_status_, next_beat_, faults_.next_kill()});
  if (!due_.empty()) at = std::min(at, due_.top().at);
  if (const auto done = computing_.next()) at = std::min(at, done->at);
  return at;
}

void VirtualDoer::run_until(Instant end) {
  while (next_at() <= end) {
    step();
    // Through years without a request the manager need not look every minute: all that it remembers of them is the last day.
    const bool is_idle = pending_.empty() && due_.empty();
    if (is_idle && next_status_ < end - kOneDay) next_status_ = end - kOneDay;
  }
}

void VirtualDoer::run_dry() {
  next_status_ = Instant::max();  // the manager has nothing to see any more
  while (!pending_.empty() || !due_.empty()) step();
}

// What has been asked for comes before what ends, and both before the pool's own clock.
void VirtualDoer::step() {
  const Instant at = next_at();
  now_ = std::max(now_, at);
  if (!due_.empty() && due_.top().at == at) {
    const Due due = due_.top();
    due_.pop();
    return answer(due);
  }
  if (faults_.next_kill() == at) return kill_as_scripted();
  if (next_status_ == at) return report_status();
  if (next_beat_ == at) return beat();
  const auto done = computing_.next();
  if (!done || done->at != at) return feed(Tick{});
  computing_.finish(*done);
  if (done->is_first_token) {
    Pending& request = pending_.at(done->request);
    request.first_token = now_;
    result_.first_token.add(to_seconds(now_ - request.arrived));
    return feed(FirstToken{done->request});
  }
  const Pending& request = pending_.at(done->request);
  result_.total.add(to_seconds(now_ - request.arrived));
  (void)thrash_.on_request(trace_.genomes[request.genome].name, request.assembly, now_ - request.granted, now_);
  ++result_.answered;
  if (options_.on_answer) options_.on_answer({request.genome, request.arrived, request.granted, request.first_token, now_});
  const Release end{.request = done->request, .is_answered = true, .tokens = request.output, .decode = now_ - request.first_token};
  pending_.erase(done->request);
  feed(end);
}

// What the manager wishes waits its turn: it is told of an event when all its actions are known.
void VirtualDoer::feed(const Event& event) {
  give(event);
  while (!wished_.empty()) {
    const Event wish = std::move(wished_.front());
    wished_.pop_front();
    give(wish);
    if (std::holds_alternative<SetKnobs>(wish)) manager_.on(SettingsSeen{options_.manager, knobs_}, now_, wishes_);
  }
}

void VirtualDoer::give(const Event& event) {
  integrate();
  ++result_.events;
  actions_.clear();
  pool_.on(event, now_, sink_);
  if (options_.manager.mode == ManagerMode::kOff) return;
  observer_.observe(event, actions_, week_hour(), [this](const Notice& notice) { manager_.on(notice, now_, wishes_); });
  for (const Action& action : actions_) {
    if (const auto* done = std::get_if<CommandDone>(&action)) manager_.on(GuessDone{done->command, done->is_ok}, now_, wishes_);
  }
}

void VirtualDoer::answer(const Due& due) {
  const auto genome = static_cast<std::uint32_t>(due.subject);
  switch (due.kind) {
    case Kind::kBuilt: {
      std::vector<LayerCharge> loaded = std::move(building_.extract(genome).mapped());
      return feed(PageBuilt{specs_[genome].identity, specs_[genome].page_bytes, std::move(loaded)});
    }
    case Kind::kBuildFailed: {
      building_.erase(genome);
      return feed(PageFailed{specs_[genome].identity, {Code::kIo, std::string(kScripted), "", std::nullopt}});
    }
    case Kind::kReady: return feed(WorkerReady{due.subject});
    case Kind::kStartFailed: {
      if (!holds_place(due.subject)) return;  // it was killed meanwhile
      free_place(due.subject);
      workers_.erase(due.subject);
      return feed(WorkerFailed{due.subject, {Code::kInternal, std::string(kScripted), "", std::nullopt}});
    }
    case Kind::kGone: {
      (void)computing_.stop(due.subject, now_);  // the pool gives its requests to another, or refuses them
      workers_.erase(due.subject);
      return feed(WorkerGone{due.subject});
    }
    case Kind::kProbed: return feed(ProbeAnswered{due.subject});
    case Kind::kCrashed: return die(due.subject);
  }
}

void VirtualDoer::after(Duration delay, Kind kind, std::uint64_t subject) { due_.push({now_ + delay, ++last_seq_, kind, subject}); }

void VirtualDoer::perform(const GrantRequest& a) {
  Pending& request = pending_.at(a.request);
  request.granted = now_;
  request.assembly = std::exchange(assembled_[request.genome], {});
  if (!a.is_retry) {
    ++result_.by_tier.at(static_cast<std::size_t>(a.tier));
    const std::size_t block = (a.request - 1) / SimulationResult::kBlock;
    if (result_.block_misses.size() <= block) result_.block_misses.resize(block + 1);
    if (a.tier != Tier::kHot) {
      ++result_.block_misses[block];
      result_.timeline.on_miss(request.arrived);
    }
    result_.grant.add(to_seconds(now_ - request.arrived));
  }
  const double times = faults_.slowness(request.genome, now_);
  if (times > 1) ++result_.faults.slow_answers;
  const Duration prefill = scaled(options_.costs->prefill(request.prompt, random_), times);
  const Duration decode = scaled(options_.costs->decode(request.output, random_), times);
  if (const auto crash = faults_.crash_of(request.genome, now_)) after(scaled(prefill + decode, *crash), Kind::kCrashed, a.worker);
  computing_.start(a.request, a.worker, prefill, decode, now_);
  if (knobs_.stuck_after > Duration::zero()) next_beat_ = std::min(next_beat_, now_ + knobs_.stuck_after / 2);
}

void VirtualDoer::perform(const RefuseRequest& a) {
  ++result_.refused;
  result_.kept_out += a.is_kept_out ? 1 : 0;
  ++result_.refusals[std::string(error_row(a.error.code).api_code)];
  result_.timeline.on_refusal(pending_.at(a.request).arrived);
  pending_.erase(a.request);
}

void VirtualDoer::perform(const BreakerChanged& a) {
  if (a.to == BreakerState::kOpen || a.to == BreakerState::kQuarantined) ++result_.shut[fmt::format("{}: {}", breaker_state_name(a.to), breaker_cause_name(a.cause))];
  if (result_.breaker_moves.size() == SimulationResult::kMostMoves) result_.breaker_moves.pop_front();
  result_.breaker_moves.push_back({to_seconds(now_ - began_), trace_.genomes[genome_of(a.identity)].name, a});
}

void VirtualDoer::integrate() {
  const double seconds = to_seconds(now_ - integrated_);
  result_.slot_seconds += seconds * static_cast<double>(hot_);
  result_.gb_seconds += seconds * static_cast<double>(hot_bytes_) / 1e9;
  result_.timeline.on_held(hot_, integrated_, now_);
  integrated_ = now_;
}

SimulationResult VirtualDoer::result() const {
  SimulationResult result = result_;
  const PoolSnapshot pool = pool_.snapshot();
  result.hot_policy = pool.hot_policy;
  result.warm_policy = pool.warm_policy;
  result.manager = manager_.status();
  result.seconds = to_seconds(now_ - began_);
  return result;
}

}  // namespace genepool

#include "manager/manager.h"

#include <fmt/core.h>

#include <algorithm>

namespace genepool {
namespace {

constexpr std::size_t kMostRemembered = 10'000;

Budget budget_of(const Knobs& knobs) { return {knobs.max_hot, knobs.hot_bytes}; }

double to_seconds(Duration duration) { return to_ms(duration) / 1e3; }

}  // namespace

Manager::Manager(const ManagerSettings& settings, const Knobs& knobs, Instant now)
    : settings_(settings),
      knobs_(knobs),
      book_(kMostRemembered, [this](const Usage& usage) { forget(usage); }),
      prefetcher_(knobs.hot_policy, budget_of(knobs)),
      hints_(prefetcher_.predictor().users()),
      sizer_(settings, knobs, now),
      began_(now),
      now_(now) {}

void Manager::on(const Notice& notice, Instant now, const Sink& sink) {
  now_ = std::max(now_, now);
  sink_ = &sink;
  std::visit([this](const auto& n) { handle(n); }, notice);
  sink_ = nullptr;
}

// ------------------------------------------------------------------------------------------------ what it is told
void Manager::handle(const RequestSeen& request) {
  Usage& usage = know(request.genome);
  week_hour_ = request.week_hour;
  last_user_.reset();
  if (request.user != 0) {
    const auto user = users_.intern(request.user);
    if (user.was_taken) prefetcher_.forget_user(user.index);
    last_user_ = user.index;
  }
  book_.on_request(usage, ++last_use_, now_);
  regret_.on_request(usage.index, !prefetcher_.residents().has(usage));
  report(usage, prefetcher_.on_request(usage, moment(), loader()));
  hints_.on_request(usage.index, now_);
  last_hour_.observe(usage.index, now_);
  sizer_.on_request(usage, now_);
}

void Manager::handle(const CameIn& came) {
  Usage& usage = know(came.genome);
  book_.on_hot(usage, came.spawn);
  if (came.from == Tier::kCold) book_.on_warm(usage, came.took - came.spawn);
  prefetcher_.on_came(usage);
}

void Manager::handle(const LeftHot& left) {
  Usage* usage = find(left.genome);
  if (usage == nullptr) return;
  report(*usage, prefetcher_.on_left(*usage));
}

void Manager::handle(const GuessDone& done) {
  if (!asked_ || *asked_ != done.command) return;
  asked_.reset();
  const Usage* genome = prefetcher_.under_way();
  prefetcher_.on_guess_done(done.is_done, now_);
  if (done.is_done || genome == nullptr) return;
  hints_.on_done(genome->index, false);
  const auto open = open_guesses_.find(genome->index);
  if (open == open_guesses_.end()) return;
  out(Realised{open->second.decision, 0, "not done: no room, or its breaker keeps it out"});
  open_guesses_.erase(open);
}

void Manager::handle(const SettingsSeen& seen) {
  settings_ = seen.manager;
  knobs_ = seen.pool;
  prefetcher_.configure(knobs_.hot_policy, budget_of(knobs_));
  sizer_.configure(settings_, knobs_, now_);
}

void Manager::handle(const StatusSeen& status) {
  report_policy("HOT", followed_hot_, status.followed_hot);
  report_policy("WARM", followed_warm_, status.followed_warm);
  for (const SizeChange& change : sizer_.on_status(status, now_)) carry_out(change);
  realise_size(false);
  hints_.expire(now_);
  if (sizer_.brakes().shed != Shed::kNothing && is_on()) {
    for (const auto& [index, open] : open_guesses_) out(LetGo{prefetcher_.genome(index)->identity});
  }
  guess();
}

void Manager::handle(const SessionExpected& session) {
  const Result<void> taken = take_hint(session);
  out(HintAnswered{session.ticket, taken ? std::nullopt : std::optional(taken.error())});
  guess();
}

Result<void> Manager::take_hint(const SessionExpected& session) {
  SessionHint hint{.source = session.source, .eta = session.eta, .ttl = session.ttl};
  if (session.genome) hint.genome = know(*session.genome).index;
  if (session.user != 0) hint.user = users_.find(session.user);
  const auto load_time = [&](GenomeIndex genome) { return from_ms(prefetcher_.genome(genome)->hot.seconds * 1e3); };
  GENEPOOL_TRY_VOID(hints_.take(hint, load_time, now_));
  return {};
}

// ------------------------------------------------------------------------------------------------ guesses
Moment Manager::moment() const { return {.now = now_, .user = last_user_, .week_hour = week_hour_}; }

LoaderState Manager::loader() const {
  return sizer_.brakes().may_speculate ? LoaderState::kNormal : LoaderState::kPressure;
}

void Manager::guess() {
  if (asked_ || !sizer_.brakes().may_speculate) return;
  for (const ExpectedSession& session : hints_.awaited(now_)) {
    const Usage& genome = *prefetcher_.genome(session.genome);
    if (prefetcher_.residents().has(genome)) {
      keep(genome, session);
    } else if (try_guess(prefetcher_.weigh(genome, session.chance, moment(), loader()), DecisionKind::kHint, session.until, "a session was announced")) {
      return hints_.on_done(session.genome);
    }
  }
  if (settings_.prefetch == PrefetchRule::kFounding) return guess_as_founded();
  if (settings_.prefetch == PrefetchRule::kOff) return;
  if (!prefetcher_.gate().is_open()) return;
  (void)try_guess(prefetcher_.likeliest(moment(), loader()), DecisionKind::kGuess, {}, "the likeliest of those that are not HOT");
}

// It is HOT: the pool lets others go first. No guess, nothing is loaded.
void Manager::keep(const Usage& genome, const ExpectedSession& session) {
  hints_.on_done(session.genome);
  Decision d;
  d.kind = DecisionKind::kHint;
  d.subject = name_of(genome);
  d.action = fmt::format("keep {} HOT", d.subject);
  d.reason = "a session was announced";
  (void)decide(std::move(d));
  if (is_on()) out(MakeHot{++last_command_, genome.identity, std::nullopt, session.until, session.chance});
}

bool Manager::try_guess(const std::optional<Guess>& guess, DecisionKind kind, Instant protect_until, std::string_view why) {
  if (!guess) return false;
  Decision d;
  d.kind = kind;
  d.subject = name_of(*guess->genome);
  d.action = guess->victim == nullptr ? fmt::format("make {} HOT", d.subject)
                                      : fmt::format("make {} HOT in place of {}", d.subject, name_of(*guess->victim));
  d.reason = why;
  d.unit = "s of load";
  d.inputs = {{"p", guess->chance, ""},
              {"p of the victim", guess->victim_chance, ""},
              {"load", guess->genome->hot.seconds, "s"},
              {"spared", guess->verdict.spared_s, "s"},
              {"lost", guess->verdict.lost_s, "s"},
              {"wasted", guess->verdict.wasted_s, "s"}};
  d.alternatives = {{"leave it", 0, ""}, {"make it HOT", guess->verdict.gain_s(), ""}};
  d.expected = guess->verdict.gain_s();
  const std::uint64_t decision = decide(std::move(d));
  if (!is_on()) {
    prefetcher_.put_off(*guess->genome, now_);
    return true;
  }
  open_guesses_[guess->genome->index] = {decision, guess->genome->hot.seconds, now_};
  prefetcher_.on_issued(*guess, now_);
  asked_ = ++last_command_;
  std::optional<Identity> victim;
  if (guess->victim != nullptr) victim = guess->victim->identity;
  out(MakeHot{*asked_, guess->genome->identity, victim, protect_until, guess->chance});
  return true;
}

void Manager::guess_as_founded() {
  const auto top = last_hour_.top(now_);
  if (!top) return;
  const Usage& genome = *prefetcher_.genome(top->genome);
  const bool is_hot = prefetcher_.residents().has(genome);
  const FoundingPrediction prediction = founding_prediction(name_of(genome), top->confidence, is_hot);
  if (!prediction.is_prewarm) return;
  for (const std::string& line : prediction.log) out(Said{line});
  (void)try_guess(prefetcher_.weigh(genome, 1, moment(), loader()), DecisionKind::kGuess, {}, "the most used of the last hour");
}

// What became of the guess that brought it in.
void Manager::report(const Usage& usage, std::optional<OutcomeBook::Outcome> outcome) {
  const auto open = open_guesses_.find(usage.index);
  if (!outcome || open == open_guesses_.end()) return;
  const bool is_used = *outcome == OutcomeBook::Outcome::kUsed;
  const double after_s = to_seconds(now_ - open->second.since);
  out(Realised{open->second.decision, is_used ? open->second.load_s : -open->second.load_s,
               is_used ? fmt::format("used after {:.1f} s", after_s) : fmt::format("unused, gone after {:.1f} s", after_s)});
  open_guesses_.erase(open);
}

// ------------------------------------------------------------------------------------------------ sizes
void Manager::carry_out(const SizeChange& change) {
  for (const std::string& line : change.lines) out(Said{line});
  if (change.decision.action.empty()) return;
  if (change.window) realise_size(true);
  const std::uint64_t decision = decide(change.decision);
  if (change.window) {
    sizer_.on_changed(*change.window, now_);
    size_decision_ = decision;
  }
  if (!is_on()) return;
  for (const SizeChange::Setting& setting : change.settings) out(SetNumber{std::string(setting.name), setting.value});
}

void Manager::realise_size(bool is_replaced) {
  if (!size_decision_) return;
  const auto outcome = sizer_.take_outcome(is_replaced, now_);
  if (!outcome) return;
  const double hours = to_seconds(outcome->over) / 3600;
  out(Realised{*size_decision_, hours > 0 ? outcome->saved_s / hours : 0, fmt::format("over {:.1f} min", hours * 60)});
  size_decision_.reset();
}

void Manager::report_policy(std::string_view tier, std::string& known, const std::string& followed) {
  if (!known.empty() && known != followed) {
    Decision d;
    d.kind = DecisionKind::kPolicy;
    d.subject = tier;
    d.action = fmt::format("{} follows {} instead of {}", tier, followed, known);
    d.reason = "its ghost lost the fewest seconds to misses lately";
    (void)decide(std::move(d));
  }
  known = followed;
}

// ------------------------------------------------------------------------------------------------ the rest
std::uint64_t Manager::decide(Decision decision) {
  decision.id = next_decision_++;
  decision.t_seconds = to_seconds(now_ - began_);
  decision.is_advice = !is_on() && decision.kind != DecisionKind::kPolicy;
  const std::uint64_t id = decision.id;
  out(Decided{std::move(decision)});
  return id;
}

Usage& Manager::know(const GenomeSeen& genome) {
  Usage& usage = book_.hold(genome.identity);
  book_.release(usage);  // remembered, but not for ever
  book_.expect(usage, {.hot_bytes = genome.hot_bytes, .warm_bytes = genome.page_bytes, .prior = knobs_.load_prior});
  if (names_.size() <= usage.index) names_.resize(usage.index + 1);
  names_[usage.index] = genome.name;
  prefetcher_.know(usage);
  return usage;
}

void Manager::forget(const Usage& usage) {
  prefetcher_.forget(usage);
  hints_.forget(usage.index);
  last_hour_.forget(usage.index);
  open_guesses_.erase(usage.index);
}

ManagerStatus Manager::status() const {
  const PrefetchGate& gate = prefetcher_.gate();
  const Predictor& predictor = prefetcher_.predictor();
  const OutcomeBook::Summary guesses = prefetcher_.outcomes();
  ManagerStatus status{.is_gate_open = gate.is_open(),
                       .gate_open_share = gate.open_share(),
                       .loss_with_s = gate.loss_with_s(),
                       .loss_without_s = gate.loss_without_s(),
                       .guesses = {guesses.issued, guesses.used, guesses.wasted, guesses.misses, guesses.wasted_ms, guesses.precision(),
                                   guesses.recall(), guesses.recently_issued, guesses.recently_used},
                       .hints_taken = hints_.counts().taken,
                       .hints_came = hints_.counts().came,
                       .hints_expired = hints_.counts().expired,
                       .log_loss = predictor.mixture().log_loss(),
                       .regret = regret_.share(knobs_.max_hot),
                       .brake = sizer_.brakes().reason,
                       .brake_blind_to = sizer_.brakes().blind_to,
                       .decisions = next_decision_ - 1};
  for (std::size_t i = 0; i < predictor.voice_names().size(); ++i) {
    status.voices.push_back({std::string(predictor.voice_names()[i]), predictor.mixture().weights()[i], ""});
  }
  return status;
}

}  // namespace genepool

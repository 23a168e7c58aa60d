#include "pool/breaker_board.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace genepool {
namespace {

constexpr std::size_t kSlowPercent = 30;  // of the active genomes may be kept out for slowness, and always one
constexpr Duration kLongestRetry = std::chrono::seconds(60);
constexpr Duration kFirstQuarantine = std::chrono::seconds(10), kLongestQuarantine = std::chrono::seconds(300);

bool is_file_fault(Code code) { return code == Code::kLayerCorrupt || code == Code::kLayerRejected; }

// Not: what a client asked, what it had no time for, what the server had no room for.
bool is_load_failure(Code code) {
  return code == Code::kInternal || code == Code::kIo || code == Code::kWorkerDied || code == Code::kUnavailable ||
         code == Code::kLayerNotFound || code == Code::kNotSupported;
}
bool is_answer_failure(Code code) { return code == Code::kInternal || code == Code::kIo; }

Duration quarantine_wait(std::uint32_t crash_loops) {
  Duration wait = kFirstQuarantine;
  for (std::uint32_t n = 1; n < crash_loops && wait < kLongestQuarantine; ++n) wait *= 2;
  return std::min(wait, kLongestQuarantine);
}

}  // namespace

std::string_view breaker_kind_name(BreakerKind kind) { return kind == BreakerKind::kLoad ? "load" : "answer"; }

// ------------------------------------------------------------------------------------------------------ admission

Verdict BreakerBoard::admit(RequestId request, const Identity& identity, Tier tier, Instant now) {
  tick(now);
  Node& node = enter(identity, now);
  Entry& e = node.second;
  const bool needs_load = tier != Tier::kHot;
  if ((needs_load && !e.load.lets_in()) || !e.answer.lets_in()) return refusal(e, tier, now);
  const bool tries_load = needs_load && e.load.enter(request);
  const bool tries_answer = e.answer.enter(request);
  return {.is_trial = tries_load || tries_answer};
}

// By the breaker that keeps it out longer.
Verdict BreakerBoard::refusal(const Entry& e, Tier tier, Instant now) const {
  const bool is_load = tier != Tier::kHot && e.load.outlook(now) >= e.answer.outlook(now);
  const Breaker& breaker = is_load ? e.load : e.answer;
  if (breaker.cause() == BreakerCause::kFile) return {.is_allowed = false, .error = e.file_error, .is_long = true};
  const Duration outlook = breaker.outlook(now), wait = std::min(outlook, kLongestRetry);
  Verdict verdict{.is_allowed = false, .is_long = outlook > kLongestRetry};
  verdict.error.code = Code::kUnavailable;
  verdict.error.message = fmt::format("this genome is kept out for now, its {} breaker is {}: {}; come back in {:.1f} s",
                                      breaker_kind_name(is_load ? BreakerKind::kLoad : BreakerKind::kAnswer),
                                      breaker_state_name(breaker.state()), breaker.why(), to_ms(wait) / 1e3);
  verdict.error.retry_after = std::chrono::ceil<std::chrono::milliseconds>(wait);
  return verdict;
}

void BreakerBoard::on_begun(RequestId request, const Identity& identity, Tier tier, Instant now) {
  tick(now);
  Node* node = find(identity);
  if (node == nullptr) return;
  Entry& e = node->second;
  if (tier != Tier::kHot) e.load.begin_trial(request, usual_.load_limit(identity, tier).value_or(Breaker::kLongestTrial), now);
  e.answer.begin_trial(request, usual_.first_token_limit(identity, tier).value_or(Breaker::kLongestTrial), now);
  refresh(*node, now);
}

void BreakerBoard::on_first_token(RequestId request, const Identity& identity, Instant now) {
  tick(now);
  if (Node* node = find(identity)) node->second.answer.stop_trial_clock(request);
}

void BreakerBoard::on_ended(RequestId request, const Identity& identity, Instant now) {
  tick(now);
  Node* node = find(identity);
  if (node == nullptr) return;
  node->second.load.release_trial(request);
  node->second.answer.release_trial(request);
}

// -------------------------------------------------------------------------------------------------------- answers

bool BreakerBoard::may_open_for_slowness() const {
  return kept_out_as_slow_ < std::max<std::size_t>(1, active_ * kSlowPercent / 100);
}

void BreakerBoard::on_answered(RequestId request, const Identity& identity, const Answer& answer, Instant now) {
  tick(now);
  Node& node = enter(identity, now);
  const std::string why = usual_.why_slow(identity, answer);
  usual_.learn(identity, answer);
  const Ending ending{.outcome = why.empty() ? Outcome::kGood : Outcome::kSlow,
                      .request = request,
                      .detail = why,
                      .may_open_for_slowness = may_open_for_slowness()};
  end_answer(node, ending, now);
}

void BreakerBoard::on_answer_failed(RequestId request, const Identity& identity, const Error& error, Instant now) {
  if (!is_answer_failure(error.code)) return on_ended(request, identity, now);
  tick(now);
  Node& node = enter(identity, now);
  end_answer(node, {.outcome = Outcome::kFailed, .request = request, .detail = error.message}, now);
}

void BreakerBoard::end_answer(Node& node, const Ending& ending, Instant now) {
  node.second.load.release_trial(*ending.request);  // it found a worker without a load
  change(node, BreakerKind::kAnswer, now, [&](Breaker& b) { b.on_ending(ending, now, random_); });
  refresh(node, now);
}

// ---------------------------------------------------------------------------------------------------------- loads

void BreakerBoard::on_loaded(const Identity& identity, Tier from, Duration took, Instant now) {
  tick(now);
  usual_.learn_load(identity, from, took);
  Node& node = enter(identity, now);
  change(node, BreakerKind::kLoad, now, [&](Breaker& b) { b.on_ending({}, now, random_); });
  refresh(node, now);
}

void BreakerBoard::on_load_failed(const GenomeSpec& genome, const Error& error, Instant now) {
  tick(now);
  Node& node = enter(genome.identity, now);
  Entry& e = node.second;
  e.answer.release_trial();  // nothing was HOT, so nothing is being answered
  if (is_file_fault(error.code)) {
    e.file_error = error;
    e.file_error.message = fmt::format("{} (kept out until the file changes or an operator resets the genome)",
                                       error.message.substr(0, Breaker::kMostText));
    e.layers.clear();
    for (const LayerCharge& layer : genome.layers) e.layers.push_back(layer.id);
    change(node, BreakerKind::kLoad, now, [&](Breaker& b) { b.quarantine_file(error.message, now); });
  } else if (is_load_failure(error.code)) {
    const Ending ending{.outcome = Outcome::kFailed, .detail = error.message};
    change(node, BreakerKind::kLoad, now, [&](Breaker& b) { b.on_ending(ending, now, random_); });
  } else {
    e.load.release_trial();
  }
  refresh(node, now);
}

void BreakerBoard::on_layer_changed(const LayerId& layer, Instant now) {
  tick(now);
  for (Node& node : entries_) {
    const std::vector<LayerId>& layers = node.second.layers;
    if (node.second.load.cause() != BreakerCause::kFile || std::ranges::find(layers, layer) == layers.end()) continue;
    change(node, BreakerKind::kLoad, now, [&](Breaker& b) { b.reset("the layer's file has changed", now); });
    refresh(node, now);
  }
}

// -------------------------------------------------------------------------------------------------------- crashes

Blame BreakerBoard::on_crashed(const Identity& identity, CrashPhase phase, Instant now) {
  tick(now);
  Node& node = enter(identity, now);
  RestartBudget& restarts = node.second.restarts;
  const std::set<Identity> others = blame_.on_crash(identity, now);
  for (const Identity& other : others) clear_of_blame(other, now);
  if (others.empty() && !restarts.spend(now)) {
    const RestartLimits limits;
    const std::string why = fmt::format("its workers died more than {} times in {:.0f} s: crash loop {}", limits.restarts,
                                        to_ms(limits.window) / 1e3, restarts.refusals());
    const Duration wait = quarantine_wait(restarts.refusals());
    change(node, BreakerKind::kAnswer, now, [&](Breaker& b) { b.quarantine_crash_loop(why, wait, now); });
  } else if (phase == CrashPhase::kServing) {
    const Ending ending{.outcome = Outcome::kFailed, .detail = "its worker died"};
    change(node, BreakerKind::kAnswer, now, [&](Breaker& b) { b.on_ending(ending, now, random_); });
  }
  refresh(node, now);
  return others.empty() ? Blame::kGenome : Blame::kHostOrBase;
}

void BreakerBoard::clear_of_blame(const Identity& identity, Instant now) {
  Node* node = find(identity);
  if (node == nullptr) return;
  Entry& e = node->second;
  e.restarts.take_back(now - CrashBlame::kTogether);
  if (e.answer.state() == BreakerState::kQuarantined) {  // by the latest of those deaths: each begins it anew
    change(*node, BreakerKind::kAnswer, now, [&](Breaker& b) { b.reset("other genomes' workers died too", now); });
  }
  refresh(*node, now);
}

// ------------------------------------------------------------------------------------------------ operators, views

void BreakerBoard::force_open(const Identity& identity, Instant now) {
  tick(now);
  change_both(enter(identity, now), now, [&](Breaker& b) { b.force_open(now); });
}

void BreakerBoard::disable(const Identity& identity, Instant now) {
  tick(now);
  change_both(enter(identity, now), now, [&](Breaker& b) { b.disable(now); });
}

void BreakerBoard::reset(const Identity& identity, Instant now) {
  tick(now);
  Node* node = find(identity);
  if (node == nullptr) return;
  node->second.restarts.reset();
  change_both(*node, now, [&](Breaker& b) { b.reset("by an operator", now); });
}

bool BreakerBoard::is_in_doubt(const Identity& identity) const {
  const auto it = entries_.find(identity);
  if (it == entries_.end()) return false;
  const auto is_well = [](BreakerState s) { return s == BreakerState::kClosed || s == BreakerState::kDisabled; };
  return !is_well(it->second.load.state()) || !is_well(it->second.answer.state());
}

void BreakerBoard::report(const Identity& identity, BreakerKind kind, const Breaker& now_is, BreakerState from,
                          Instant now) const {
  sink_({.identity = identity,
         .kind = kind,
         .from = from,
         .to = now_is.state(),
         .cause = now_is.cause(),
         .times_opened = now_is.times_opened(),
         .retry_in = now_is.outlook(now),
         .why = now_is.why()});
}

std::vector<GenomeBreakers> BreakerBoard::snapshot(Instant now) const {
  const auto status = [&](const Breaker& b) {
    return BreakerStatus{b.state(), b.cause(), b.why(), b.since(), b.times_opened(), b.outlook(now), b.counts(now)};
  };
  std::vector<GenomeBreakers> all;
  all.reserve(entries_.size());
  for (const auto& [identity, e] : entries_) all.push_back({identity, status(e.load), status(e.answer), e.restarts.refusals()});
  return all;
}

}  // namespace genepool

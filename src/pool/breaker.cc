#include "pool/breaker.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/error.h"

namespace genepool {
namespace {

constexpr std::uint32_t kFailuresInARow = 3, kSlowInARow = 5;
constexpr std::uint32_t kFewestOutcomes = 5, kFailedPercent = 50, kSlowPercent = 60;
constexpr std::uint32_t kGoodTrials = 2;
constexpr Duration kFirstWait = std::chrono::seconds(5), kLongestWait = std::chrono::seconds(300);
constexpr Duration kShortestWait = std::chrono::milliseconds(500);
constexpr Duration kForgetAfter = std::chrono::minutes(10);
constexpr Duration kTrialUnderWay = std::chrono::seconds(1);  // outlook while a trial without a deadline runs

Duration longest_wait(std::uint32_t times_opened) {
  Duration wait = kFirstWait;
  for (std::uint32_t n = 1; n < times_opened && wait < kLongestWait; ++n) wait *= 2;
  return std::min(wait, kLongestWait);
}

double seconds(Duration d) { return to_ms(d) / 1e3; }

}  // namespace

std::string_view breaker_state_name(BreakerState state) {
  static constexpr std::array<std::string_view, 6> kNames{"closed",      "open",     "half-open",
                                                          "forced-open", "disabled", "quarantined"};
  return kNames.at(static_cast<std::size_t>(state));
}

std::string_view breaker_cause_name(BreakerCause cause) {
  static constexpr std::array<std::string_view, 6> kNames{"none", "failure", "slowness", "file", "crash-loop", "operator"};
  return kNames.at(static_cast<std::size_t>(cause));
}

// -------------------------------------------------------------------------------------------------------- passing

bool Breaker::lets_in() const {
  if (state_ == BreakerState::kHalfOpen) return !trial_;
  return state_ == BreakerState::kClosed || state_ == BreakerState::kDisabled;
}

bool Breaker::enter(RequestId request) {
  GENEPOOL_CHECK(lets_in());
  if (state_ != BreakerState::kHalfOpen) return false;
  trial_ = Trial{.request = request};
  return true;
}

void Breaker::begin_trial(RequestId request, Duration limit, Instant now) {
  if (!trial_ || trial_->request != request) return;
  trial_->limit = std::min(limit, kLongestTrial);
  trial_->deadline = now + trial_->limit;
}

void Breaker::stop_trial_clock(RequestId request) {
  if (trial_ && trial_->request == request) trial_->deadline.reset();
}

void Breaker::release_trial(RequestId request) {
  if (trial_ && trial_->request == request) trial_.reset();
}

Duration Breaker::outlook(Instant now) const {
  if (lets_in()) return Duration::zero();
  if (state_ == BreakerState::kHalfOpen) {
    return trial_->deadline ? std::max(*trial_->deadline - now, Duration::zero()) : kTrialUnderWay;
  }
  return retry_at_ == Instant::max() ? Duration::max() : std::max(retry_at_ - now, Duration::zero());
}

// ------------------------------------------------------------------------------------------------------- outcomes

void Breaker::on_ending(const Ending& ending, Instant now, Random& random) {
  if (state_ == BreakerState::kClosed || state_ == BreakerState::kDisabled) return count(ending, now, random);
  if (state_ == BreakerState::kHalfOpen) judge_trial(ending, now, random);
}

void Breaker::count(const Ending& ending, Instant now, Random& random) {
  window_.add(ending.outcome, now);
  was_denied_opening_ = false;
  if (state_ == BreakerState::kDisabled) return;
  const OutcomeCounts seen = window_.counts(now);
  const std::uint32_t failures = window_.run(Outcome::kFailed), slow_ones = window_.run(Outcome::kSlow);
  const std::string last = ending.detail.empty() ? "" : fmt::format(", the last: {}", ending.detail);
  const bool is_enough = seen.total() >= kFewestOutcomes;
  if (failures >= kFailuresInARow) {
    return open(BreakerCause::kFailure, fmt::format("{} failures in a row{}", failures, last), now, random);
  }
  if (is_enough && seen.failed * 100 >= seen.total() * kFailedPercent) {
    return open(BreakerCause::kFailure, fmt::format("{} of the last {} failed{}", seen.failed, seen.total(), last), now, random);
  }
  const bool is_slow = slow_ones >= kSlowInARow || (is_enough && seen.slow * 100 >= seen.total() * kSlowPercent);
  if (!is_slow) return;
  was_denied_opening_ = !ending.may_open_for_slowness;
  if (was_denied_opening_) return;
  open(BreakerCause::kSlowness, fmt::format("{} of the last {} were slow{}", seen.slow, seen.total(), last), now, random);
}

void Breaker::judge_trial(const Ending& ending, Instant now, Random& random) {
  if (ending.request && (!trial_ || trial_->request != *ending.request)) return;  // let in before it opened
  trial_.reset();
  if (ending.outcome == Outcome::kGood) {
    if (++good_trials_ == kGoodTrials) close(fmt::format("{} good trials", kGoodTrials), now);
    return;
  }
  const bool was_slow = ending.outcome == Outcome::kSlow;
  open(was_slow ? BreakerCause::kSlowness : BreakerCause::kFailure,
       fmt::format("a trial {}: {}", was_slow ? "was slow" : "failed", ending.detail), now, random);
}

// -------------------------------------------------------------------------------------------------------- moves

void Breaker::move_to(BreakerState state, BreakerCause cause, std::string_view why, Instant now) {
  state_ = state;
  cause_ = cause;
  why_ = why.substr(0, kMostText);
  since_ = now;
  retry_at_ = Instant::max();
  trial_.reset();
  good_trials_ = 0;
  was_denied_opening_ = false;
}

void Breaker::open(BreakerCause cause, std::string_view why, Instant now, Random& random) {
  move_to(BreakerState::kOpen, cause, why, now);
  ++times_opened_;
  const auto drawn = static_cast<Duration::rep>(random.uniform() * static_cast<double>(longest_wait(times_opened_).count()));
  retry_at_ = now + std::max(Duration(drawn), kShortestWait);
}

void Breaker::close(std::string_view why, Instant now) {
  move_to(BreakerState::kClosed, BreakerCause::kNone, why, now);
  window_ = OutcomeWindow{};  // what opened it must not open it again
}

bool Breaker::is_held_by_operator() const { return state_ == BreakerState::kForcedOpen || state_ == BreakerState::kDisabled; }

void Breaker::quarantine_file(std::string_view why, Instant now) {
  if (!is_held_by_operator()) move_to(BreakerState::kQuarantined, BreakerCause::kFile, why, now);
}

void Breaker::quarantine_crash_loop(std::string_view why, Duration wait, Instant now) {
  if (is_held_by_operator() || cause_ == BreakerCause::kFile) return;
  move_to(BreakerState::kQuarantined, BreakerCause::kCrashLoop, why, now);
  retry_at_ = now + wait;
}

void Breaker::force_open(Instant now) { move_to(BreakerState::kForcedOpen, BreakerCause::kOperator, "by an operator", now); }
void Breaker::disable(Instant now) { move_to(BreakerState::kDisabled, BreakerCause::kOperator, "by an operator", now); }

void Breaker::reset(std::string_view why, Instant now) {
  close(why, now);
  times_opened_ = 0;
}

void Breaker::advance(Instant now, Random& random) {
  if (now < due()) return;
  if (state_ == BreakerState::kHalfOpen) {
    const BreakerCause cause = cause_ == BreakerCause::kSlowness ? BreakerCause::kSlowness : BreakerCause::kFailure;
    return open(cause, fmt::format("a trial showed nothing within {:.1f} s", seconds(trial_->limit)), now, random);
  }
  if (state_ == BreakerState::kClosed) {
    times_opened_ = 0;
    return;
  }
  move_to(BreakerState::kHalfOpen, cause_, fmt::format("{:.1f} s are over since: {}", seconds(now - since_), why_), now);
}

Instant Breaker::due() const {
  switch (state_) {
    case BreakerState::kClosed: return times_opened_ > 0 ? since_ + kForgetAfter : Instant::max();
    case BreakerState::kHalfOpen: return trial_ && trial_->deadline ? *trial_->deadline : Instant::max();
    default: return retry_at_;
  }
}

// ---------------------------------------------------------------------------------------------------------- views

bool Breaker::is_kept_out_as_slow() const {
  return cause_ == BreakerCause::kSlowness && (state_ == BreakerState::kOpen || state_ == BreakerState::kHalfOpen);
}

bool Breaker::is_slow_but_closed(Instant now) const { return was_denied_opening_ && window_.counts(now).total() > 0; }

bool Breaker::is_blank(Instant now) const {
  return state_ == BreakerState::kClosed && times_opened_ == 0 && window_.is_blank(now);
}

}  // namespace genepool

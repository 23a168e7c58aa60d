// Breaker: keeps requests from a genome that fails or is slow, and lets it back in by trials. One for its loads, one for its
// answers. States and numbers: the paging note, section 5.
//
//   closed --too many bad outcomes--> open(n) --wait--> half-open --2 good trials--> closed
//                                        ^------- a trial fails ------'
//   any --file that cannot heal, crash loop--> quarantined --file changes: closed, crash loop's wait over: half-open
//   any --operator--> forced-open, disabled --operator--> closed (reset)
//
// The wait is drawn at random, so that what broke together does not come back together: random(0, min(300 s, 5 s x 2^(n-1))),
// at least 0.5 s. n is forgotten after 10 min closed.
// Pure; time and chance are handed in; each call expects advance(now) to have been called. Memory: fixed, and one text of at
// most kMostText bytes. Thread: one at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/random.h"
#include "pool/events.h"
#include "pool/outcome_window.h"

namespace genepool {

enum class BreakerState : std::uint8_t { kClosed, kOpen, kHalfOpen, kForcedOpen, kDisabled, kQuarantined };
[[nodiscard]] std::string_view breaker_state_name(BreakerState state);  // "half-open"

enum class BreakerCause : std::uint8_t { kNone, kFailure, kSlowness, kFile, kCrashLoop, kOperator };
[[nodiscard]] std::string_view breaker_cause_name(BreakerCause cause);  // "crash-loop"

// How a request or a load ended.
struct Ending {
  Outcome outcome = Outcome::kGood;
  std::optional<RequestId> request;     // absent: not tied to one; half-open it counts whoever holds the trial
  std::string_view detail;              // of a bad one: the error, or the numbers that make it slow
  bool may_open_for_slowness = true;    // false: too many others are open for it
};

class Breaker {
 public:
  static constexpr std::size_t kMostText = 300;
  static constexpr Duration kLongestTrial = std::chrono::seconds(30);

  // Passing: whether a request may go on now, and then that it does. True: it is the trial.
  [[nodiscard]] bool lets_in() const;
  bool enter(RequestId request);  // Requires: lets_in()

  // The trial's work begins: from now it has `limit` to show a result; nothing for any other request.
  void begin_trial(RequestId request, Duration limit, Instant now);
  // It has shown one that only its end can judge: the pool sees to it that every request ends.
  void stop_trial_clock(RequestId request);
  // It ended without an outcome (its client left, it was refused for another reason): the trial's place is free again.
  void release_trial(RequestId request);
  void release_trial() { trial_.reset(); }

  // Counts it; closed this may open, half-open it decides the trial. Of a genome that is kept out nothing is counted.
  void on_ending(const Ending& ending, Instant now, Random& random);

  void quarantine_file(std::string_view why, Instant now);
  void quarantine_crash_loop(std::string_view why, Duration wait, Instant now);
  void force_open(Instant now);
  void disable(Instant now);
  void reset(std::string_view why, Instant now);  // closed, as if new

  // What time alone brings: a wait is over, a trial is too late, n is forgotten.
  void advance(Instant now, Random& random);
  [[nodiscard]] Instant due() const;  // when advance() has something to do; max() = never

  [[nodiscard]] BreakerState state() const { return state_; }
  [[nodiscard]] BreakerCause cause() const { return cause_; }
  [[nodiscard]] const std::string& why() const { return why_; }  // the numbers that led to the state
  [[nodiscard]] Instant since() const { return since_; }
  [[nodiscard]] std::uint32_t times_opened() const { return times_opened_; }  // n
  [[nodiscard]] OutcomeCounts counts(Instant now) const { return window_.counts(now); }
  // Until it may be worth asking again, never negative; max() = nobody knows. Zero when it lets in.
  [[nodiscard]] Duration outlook(Instant now) const;
  // Open for slowness, or on trial because of it.
  [[nodiscard]] bool is_kept_out_as_slow() const;
  // Slow enough to open, and was not allowed to.
  [[nodiscard]] bool is_slow_but_closed(Instant now) const;
  // Closed, and no different from a new one.
  [[nodiscard]] bool is_blank(Instant now) const;

 private:
  struct Trial {
    RequestId request = 0;
    Duration limit{};
    std::optional<Instant> deadline;
  };
  void move_to(BreakerState state, BreakerCause cause, std::string_view why, Instant now);
  void open(BreakerCause cause, std::string_view why, Instant now, Random& random);
  void close(std::string_view why, Instant now);
  void count(const Ending& ending, Instant now, Random& random);
  void judge_trial(const Ending& ending, Instant now, Random& random);
  [[nodiscard]] bool is_held_by_operator() const;

  BreakerState state_ = BreakerState::kClosed;
  BreakerCause cause_ = BreakerCause::kNone;
  std::string why_;
  Instant since_{};
  std::uint32_t times_opened_ = 0;
  Instant retry_at_ = Instant::max();  // open, or quarantined for a crash loop
  std::optional<Trial> trial_;         // half-open
  std::uint32_t good_trials_ = 0;
  OutcomeWindow window_;
  bool was_denied_opening_ = false;    // at its last outcome
};

}  // namespace genepool

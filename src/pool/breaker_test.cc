// The table of the paging note's section 5 (breaker_table.h), and what it does not tell, by a hand-driven clock.
#include "pool/breaker.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "pool/breaker_table.h"

namespace genepool {
namespace {

using namespace std::chrono_literals;
using State = BreakerState;
using Cause = BreakerCause;

constexpr std::uint64_t kSeed = 7;

// A breaker with its clock. Outcomes are letters: G good, S slow, F failed.
struct Driver {
  Breaker breaker;
  Random random{kSeed};
  Instant now = 1000s;
  RequestId last = 0;

  void at(Instant then) {
    now = then;
    breaker.advance(now, random);
  }
  void end(char letter, std::optional<RequestId> request = std::nullopt, bool may_open_for_slowness = true) {
    const Grade outcome = letter == 'G' ? Grade::kGood : letter == 'S' ? Grade::kSlow : Grade::kFailed;
    breaker.on_ending({outcome, request, "why", may_open_for_slowness}, now, random);
  }
  void feed(std::string_view letters, Duration apart = 1s) {
    for (const char letter : letters) {
      at(now + apart);
      end(letter);
    }
  }
  // Requires: half-open, nobody on trial.
  void trial(char letter) {
    ASSERT_TRUE(breaker.lets_in());
    ASSERT_TRUE(breaker.enter(++last));
    end(letter, last);
  }
  void wait_out() { at(now + breaker.outlook(now)); }
  [[nodiscard]] State state() const { return breaker.state(); }
};

Driver half_open(std::string_view letters = "FFF") {
  Driver d;
  d.feed(letters);
  d.wait_out();
  EXPECT_EQ(d.state(), State::kHalfOpen);
  return d;
}

// ---------------------------------------------------------------------------------------------------- closed, open

TEST(Breaker, every_transition_of_its_table_is_right) {
  for (const BreakerStory& story : breaker_stories()) EXPECT_EQ(what_is_wrong(story), "") << story.what << ": " << story.letters;
}

// A table that finds nothing wrong would be worth nothing.
TEST(BreakerTable, a_wrong_end_is_told) {
  EXPECT_EQ(what_is_wrong({"", "FFF", State::kClosed, Cause::kNone, 0}), "it is open for failure, n = 1");
  EXPECT_EQ(what_is_wrong({"", "FFF", State::kOpen, Cause::kSlowness, 1}), "it is open for failure, n = 1");
  EXPECT_EQ(what_is_wrong({"", "FFFw", State::kHalfOpen, Cause::kFailure, 2}), "it is half-open for failure, n = 1, and lets in");
}

TEST(Breaker, counts_the_last_20_outcomes) {
  Driver d;
  d.feed("GGGGGGGGGG" "FFGFFGFFGF" "FGF");
  EXPECT_EQ(d.breaker.counts(d.now), (OutcomeCounts{.good = 11, .failed = 9}));
  EXPECT_EQ(d.state(), State::kClosed);
  d.feed("F");
  EXPECT_EQ(d.state(), State::kOpen) << "10 of 20; of all 24 it would be 42 %";
}

TEST(Breaker, counts_outcomes_of_the_last_10_minutes) {
  for (const bool is_late : {false, true}) {
    Driver d;
    d.feed("GFFG", 0s);
    d.at(1000s + 10min - (is_late ? 0ns : 1ns));
    d.end('F');
    EXPECT_EQ(d.state(), is_late ? State::kClosed : State::kOpen);
    EXPECT_EQ(d.breaker.counts(d.now).total(), is_late ? 1u : 5u);
  }
}

TEST(Breaker, three_failures_in_a_row_need_no_window) {
  Driver d;
  d.feed("FFF", 1h);
  EXPECT_EQ(d.state(), State::kOpen);
  EXPECT_EQ(d.breaker.why(), "3 failures in a row, the last: why");
}

TEST(Breaker, slowness_opens_only_with_leave) {
  Driver d;
  for (int i = 0; i < 7; ++i) d.end('S', std::nullopt, false);
  EXPECT_EQ(d.state(), State::kClosed);
  EXPECT_TRUE(d.breaker.is_slow_but_closed(d.now));
  d.end('S');
  EXPECT_EQ(d.state(), State::kOpen);
  EXPECT_TRUE(d.breaker.is_kept_out_as_slow());
  EXPECT_FALSE(d.breaker.is_slow_but_closed(d.now));
}

TEST(Breaker, failures_open_without_leave) {
  Driver d;
  for (int i = 0; i < 3; ++i) d.end('F', std::nullopt, false);
  EXPECT_EQ(d.state(), State::kOpen);
  EXPECT_FALSE(d.breaker.is_kept_out_as_slow());
}

TEST(Breaker, slow_but_closed_ends_with_its_outcomes) {
  Driver d;
  for (int i = 0; i < 5; ++i) d.end('S', std::nullopt, false);
  EXPECT_TRUE(d.breaker.is_slow_but_closed(d.now + 10min - 1ns));
  EXPECT_FALSE(d.breaker.is_slow_but_closed(d.now + 10min));
}

// ---------------------------------------------------------------------------------------------------------- waits

TEST(Breaker, waits_are_drawn_below_a_bound_that_doubles_up_to_300_s) {
  Driver d;
  Random same(kSeed);
  d.feed("FFF");
  std::uint32_t n = 0;
  for (const double bound : {5, 10, 20, 40, 80, 160, 300, 300, 300}) {
    EXPECT_EQ(d.breaker.times_opened(), ++n);
    EXPECT_NEAR(to_ms(d.breaker.outlook(d.now)) / 1e3, std::max(0.5, same.uniform() * bound), 1e-6);
    d.wait_out();
    d.trial('F');
  }
}

TEST(Breaker, waits_half_a_second_at_least) {
  std::uint64_t seed = 0;
  while (Random(seed).uniform() >= 0.1) ++seed;  // 0.1 x 5 s
  Driver d;
  d.random = Random(seed);
  d.feed("FFF");
  EXPECT_EQ(d.breaker.outlook(d.now), 500ms);
}

TEST(Breaker, an_open_one_opens_its_doors_when_the_wait_is_over_and_not_before) {
  Driver d;
  d.feed("FFF");
  const Instant over = d.now + d.breaker.outlook(d.now);
  EXPECT_EQ(d.breaker.due(), over);
  d.at(over - 1ns);
  EXPECT_EQ(d.state(), State::kOpen);
  EXPECT_FALSE(d.breaker.lets_in());
  d.at(over);
  EXPECT_EQ(d.state(), State::kHalfOpen);
  EXPECT_TRUE(d.breaker.lets_in());
}

TEST(Breaker, an_open_one_counts_nothing) {
  Driver d;
  d.feed("FFF");
  d.end('G', 1);
  d.end('F', 2);
  EXPECT_EQ(d.breaker.counts(d.now), (OutcomeCounts{.failed = 3}));
  EXPECT_EQ(d.breaker.times_opened(), 1u);
}

TEST(Breaker, n_is_forgotten_after_10_minutes_closed) {
  for (const bool is_late : {false, true}) {
    Driver d = half_open();
    d.trial('G');
    d.trial('G');
    ASSERT_EQ(d.state(), State::kClosed);
    d.at(d.now + 10min - (is_late ? 0ns : 1ns));
    EXPECT_EQ(d.breaker.times_opened(), is_late ? 0u : 1u);
    d.feed("FFF", 0s);
    EXPECT_EQ(d.breaker.times_opened(), is_late ? 1u : 2u);
  }
}

// --------------------------------------------------------------------------------------------------------- trials

TEST(Breaker, two_good_trials_close_it_and_the_past_is_over) {
  Driver d = half_open();
  d.trial('G');
  EXPECT_EQ(d.state(), State::kHalfOpen);
  d.trial('G');
  EXPECT_EQ(d.state(), State::kClosed);
  EXPECT_EQ(d.breaker.counts(d.now).total(), 0u);
  d.feed("FF");
  EXPECT_EQ(d.state(), State::kClosed);
}

TEST(Breaker, a_bad_trial_opens_it_again_also_after_a_good_one) {
  for (const char letter : {'F', 'S'}) {
    Driver d = half_open();
    d.trial('G');
    d.trial(letter);
    EXPECT_EQ(d.state(), State::kOpen);
    EXPECT_EQ(d.breaker.times_opened(), 2u);
    EXPECT_EQ(d.breaker.cause(), letter == 'F' ? Cause::kFailure : Cause::kSlowness);
    d.wait_out();
    d.trial('G');
    EXPECT_EQ(d.state(), State::kHalfOpen) << "good trials are counted anew";
  }
}

TEST(Breaker, one_trial_at_a_time) {
  Driver d = half_open();
  EXPECT_TRUE(d.breaker.enter(1));
  EXPECT_FALSE(d.breaker.lets_in());
  d.end('G', 1);
  EXPECT_TRUE(d.breaker.lets_in());
}

TEST(Breaker, who_was_let_in_before_it_opened_decides_no_trial) {
  Driver d = half_open();
  d.end('G', 99);
  d.end('G', 98);
  EXPECT_EQ(d.state(), State::kHalfOpen) << "nobody is on trial";
  EXPECT_TRUE(d.breaker.enter(1));
  d.end('F', 99);
  EXPECT_EQ(d.state(), State::kHalfOpen) << "someone else is";
  d.end('F', std::nullopt);
  EXPECT_EQ(d.state(), State::kOpen) << "what is tied to no request counts whoever is";
}

TEST(Breaker, a_trial_without_a_result_by_its_deadline_has_failed) {
  for (const std::string_view letters : {"FFF", "SSSSS"}) {
    Driver d = half_open(letters);
    (void)d.breaker.enter(1);
    d.breaker.begin_trial(1, 3s, d.now);
    EXPECT_EQ(d.breaker.outlook(d.now), 3s);
    const Instant deadline = d.now + 3s;
    d.at(deadline - 1ns);
    EXPECT_EQ(d.state(), State::kHalfOpen);
    d.at(deadline);
    EXPECT_EQ(d.state(), State::kOpen);
    EXPECT_EQ(d.breaker.times_opened(), 2u);
    EXPECT_EQ(d.breaker.why(), "a trial showed nothing within 3.0 s");
    EXPECT_EQ(d.breaker.is_kept_out_as_slow(), letters == "SSSSS") << "it stays on the account it was opened on";
  }
}

TEST(Breaker, a_trials_deadline_is_30_s_at_most_and_runs_from_its_begin) {
  Driver d = half_open();
  (void)d.breaker.enter(1);
  d.at(d.now + 1h);
  EXPECT_EQ(d.state(), State::kHalfOpen) << "waiting in line is no part of the trial";
  d.breaker.begin_trial(1, 10min, d.now);
  d.at(d.now + 30s);
  EXPECT_EQ(d.state(), State::kOpen);
}

TEST(Breaker, only_the_trial_itself_has_a_deadline) {
  Driver d = half_open();
  d.breaker.begin_trial(1, 1s, d.now);
  EXPECT_EQ(d.breaker.due(), Instant::max());
  (void)d.breaker.enter(1);
  d.breaker.begin_trial(2, 1s, d.now);
  EXPECT_EQ(d.breaker.due(), Instant::max());
}

TEST(Breaker, a_trial_that_showed_a_token_is_judged_by_its_end) {
  Driver d = half_open();
  (void)d.breaker.enter(1);
  d.breaker.begin_trial(1, 3s, d.now);
  d.breaker.stop_trial_clock(2);
  EXPECT_EQ(d.breaker.due(), d.now + 3s) << "someone else's token";
  d.breaker.stop_trial_clock(1);
  d.at(d.now + 1h);
  EXPECT_EQ(d.state(), State::kHalfOpen);
  EXPECT_FALSE(d.breaker.lets_in());
  EXPECT_GT(d.breaker.outlook(d.now), 0s);
  d.end('G', 1);
  EXPECT_TRUE(d.breaker.lets_in());
}

TEST(Breaker, a_cancelled_trial_frees_its_place_and_nobody_elses) {
  Driver d = half_open();
  (void)d.breaker.enter(1);
  d.breaker.begin_trial(1, 3s, d.now);
  d.breaker.release_trial(2);
  EXPECT_FALSE(d.breaker.lets_in());
  d.breaker.release_trial(1);
  EXPECT_TRUE(d.breaker.lets_in());
  d.at(d.now + 1h);
  EXPECT_EQ(d.state(), State::kHalfOpen) << "its deadline went with it";
  d.end('G', 1);
  d.trial('G');
  EXPECT_EQ(d.state(), State::kHalfOpen) << "one good trial, not two";
}

// ------------------------------------------------------------------------------------------- quarantine, operators

using Enter = void (*)(Driver&);
struct Start {
  State state;
  Enter enter;
};
const std::array kStarts{
    Start{State::kClosed, [](Driver&) {}},
    Start{State::kOpen, [](Driver& d) { d.feed("FFF"); }},
    Start{State::kHalfOpen, [](Driver& d) { d.feed("FFF"), d.wait_out(), (void)d.breaker.enter(++d.last); }},
    Start{State::kForcedOpen, [](Driver& d) { d.breaker.force_open(d.now); }},
    Start{State::kDisabled, [](Driver& d) { d.breaker.disable(d.now); }},
    Start{State::kQuarantined, [](Driver& d) { d.breaker.quarantine_file("bad", d.now); }},
    Start{State::kQuarantined, [](Driver& d) { d.breaker.quarantine_crash_loop("loop", 10s, d.now); }},
};

TEST(Breaker, an_operators_verbs_hold_from_every_state) {
  struct Verb {
    State state;
    Enter call;
    bool lets_in;
  };
  const std::array verbs{
      Verb{State::kForcedOpen, [](Driver& d) { d.breaker.force_open(d.now); }, false},
      Verb{State::kDisabled, [](Driver& d) { d.breaker.disable(d.now); }, true},
      Verb{State::kClosed, [](Driver& d) { d.breaker.reset("test", d.now); }, true},
  };
  for (const Start& start : kStarts) {
    for (const Verb& verb : verbs) {
      Driver d;
      start.enter(d);
      ASSERT_EQ(d.state(), start.state);
      verb.call(d);
      EXPECT_EQ(d.state(), verb.state) << breaker_state_name(start.state);
      EXPECT_EQ(d.breaker.lets_in(), verb.lets_in);
      d.at(d.now + 24h);
      EXPECT_EQ(d.state(), verb.state) << "time does not undo it";
      EXPECT_EQ(d.breaker.is_blank(d.now), verb.state == State::kClosed);
    }
  }
}

TEST(Breaker, what_an_operator_holds_no_outcome_moves) {
  for (const State held : {State::kForcedOpen, State::kDisabled}) {
    Driver d;
    held == State::kDisabled ? d.breaker.disable(d.now) : d.breaker.force_open(d.now);
    d.feed("FFFFFSSSSSGG");
    d.breaker.quarantine_file("bad", d.now);
    d.breaker.quarantine_crash_loop("loop", 10s, d.now);
    EXPECT_EQ(d.state(), held);
    EXPECT_EQ(d.breaker.counts(d.now).total(), held == State::kDisabled ? 12u : 0u);
    EXPECT_EQ(d.breaker.outlook(d.now), held == State::kDisabled ? Duration::zero() : Duration::max());
  }
}

TEST(Breaker, a_file_quarantine_holds_from_every_state_until_it_is_lifted) {
  for (const Start& start : kStarts) {
    if (start.state == State::kForcedOpen || start.state == State::kDisabled) continue;
    Driver d;
    start.enter(d);
    d.breaker.quarantine_file("checksum", d.now);
    EXPECT_EQ(d.state(), State::kQuarantined);
    EXPECT_EQ(d.breaker.cause(), Cause::kFile);
    d.breaker.quarantine_crash_loop("loop", 10s, d.now);
    d.feed("GG");
    d.at(d.now + 24h);
    EXPECT_EQ(d.state(), State::kQuarantined);
    EXPECT_FALSE(d.breaker.lets_in());
    EXPECT_EQ(d.breaker.outlook(d.now), Duration::max());
    d.breaker.reset("the file changed", d.now);
    EXPECT_EQ(d.state(), State::kClosed);
  }
}

TEST(Breaker, a_crash_loops_quarantine_ends_in_trials) {
  Driver d;
  d.breaker.quarantine_crash_loop("loop", 20s, d.now);
  EXPECT_EQ(d.breaker.outlook(d.now), 20s);
  d.at(d.now + 20s - 1ns);
  EXPECT_EQ(d.state(), State::kQuarantined);
  d.at(d.now + 1ns);
  EXPECT_EQ(d.state(), State::kHalfOpen);
  d.trial('G');
  d.trial('G');
  EXPECT_EQ(d.state(), State::kClosed);
}

TEST(Breaker, remembers_what_could_still_count) {
  Driver d;
  EXPECT_TRUE(d.breaker.is_blank(d.now));
  d.feed("G");
  EXPECT_FALSE(d.breaker.is_blank(d.now));
  EXPECT_TRUE(d.breaker.is_blank(d.now + 10min));
  d.feed("F");
  EXPECT_FALSE(d.breaker.is_blank(d.now + 24h)) << "two more make three in a row";
}

TEST(Breaker, its_reason_is_bounded) {
  Driver d;
  d.breaker.quarantine_file(std::string(10'000, 'x'), d.now);
  EXPECT_EQ(d.breaker.why().size(), Breaker::kMostText);
}

TEST(Breaker, states_and_causes_have_names) {
  EXPECT_EQ(breaker_state_name(State::kClosed), "closed");
  EXPECT_EQ(breaker_state_name(State::kHalfOpen), "half-open");
  EXPECT_EQ(breaker_state_name(State::kQuarantined), "quarantined");
  EXPECT_EQ(breaker_cause_name(Cause::kNone), "none");
  EXPECT_EQ(breaker_cause_name(Cause::kOperator), "operator");
}

}  // namespace
}  // namespace genepool

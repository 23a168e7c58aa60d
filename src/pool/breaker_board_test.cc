#include "pool/breaker_board.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

namespace genepool {
namespace {

using namespace std::chrono_literals;
using State = BreakerState;

Identity genome(int number) { return Identity{{static_cast<std::uint8_t>(number), static_cast<std::uint8_t>(number >> 8)}}; }
LayerId layer(int number) { return LayerId{{99, static_cast<std::uint8_t>(number)}}; }
Error error(Code code) { return {.code = code, .message = "broken"}; }

// A board with its clock, the changes it told, and whole requests in one call.
struct Harness {
  std::vector<BreakerChange> changes;
  BreakerBoard board{7, [this](const BreakerChange& c) { changes.push_back(c); }};
  Instant now = 1000s;
  RequestId last = 0;

  Verdict ask(int g, Tier tier = Tier::kHot) { return board.admit(++last, genome(g), tier, now); }
  // Times x slower than a usual answer, which has its first token after 400 ms and then one each 20 ms.
  void answer(int g, int times = 1) {
    board.on_answered(last, genome(g), {Tier::kHot, 400ms * times, 10, 200ms * times}, now);
  }
  // True: it was let in.
  bool request(int g, int times = 1) {
    now += 1s;
    const bool is_allowed = ask(g).is_allowed;
    if (is_allowed) answer(g, times);
    return is_allowed;
  }
  void fail_load(int g, Code code) {
    now += 1s;
    (void)ask(g, Tier::kCold);
    board.on_load_failed({.identity = genome(g), .layers = {{layer(g), 1}}}, error(code), now);
    board.on_ended(last, genome(g), now);
  }
  Blame crash(int g, CrashPhase phase = CrashPhase::kServing) { return board.on_crashed(genome(g), phase, now); }
  [[nodiscard]] GenomeBreakers of(int g) const {
    for (const GenomeBreakers& one : board.snapshot(now)) {
      if (one.identity == genome(g)) return one;
    }
    return {};
  }
  [[nodiscard]] State load(int g) const { return of(g).load.state; }
  [[nodiscard]] State answers(int g) const { return of(g).answer.state; }
  void wait_out(Duration wait) {
    now += wait;
    board.tick(now);
  }
};

// Genomes 0 .. count-1 have answered five times each.
void make_usual(Harness& h, int count) {
  for (int round = 0; round < 5; ++round) {
    for (int g = 0; g < count; ++g) ASSERT_TRUE(h.request(g));
  }
}

// ---------------------------------------------------------------------------------------------------------- loads

TEST(BreakerBoard, three_failed_loads_shut_out_cold_starts_and_not_a_hot_worker) {
  Harness h;
  for (int i = 0; i < 3; ++i) h.fail_load(1, Code::kIo);
  const Verdict verdict = h.ask(1, Tier::kCold);
  EXPECT_FALSE(verdict.is_allowed);
  EXPECT_EQ(verdict.error.code, Code::kUnavailable);
  ASSERT_TRUE(verdict.error.retry_after);
  EXPECT_GT(*verdict.error.retry_after, 0ms);
  EXPECT_LE(*verdict.error.retry_after, 5s);
  EXPECT_FALSE(verdict.is_long);
  EXPECT_FALSE(h.ask(1, Tier::kWarm).is_allowed);
  EXPECT_TRUE(h.ask(1, Tier::kHot).is_allowed);
  EXPECT_TRUE(h.ask(2, Tier::kCold).is_allowed);
  EXPECT_TRUE(h.board.is_in_doubt(genome(1)));
  EXPECT_FALSE(h.board.is_in_doubt(genome(2)));
}

TEST(BreakerBoard, only_what_the_genome_can_be_blamed_for_counts) {
  for (const Code code : {Code::kCancelled, Code::kDraining, Code::kDeadlineExceeded, Code::kQueueFull, Code::kTooLarge}) {
    Harness h;
    for (int i = 0; i < 9; ++i) h.fail_load(1, code);
    EXPECT_EQ(h.load(1), State::kClosed) << error_row(code).api_code;
  }
  for (const Code code : {Code::kIo, Code::kInternal, Code::kWorkerDied, Code::kUnavailable, Code::kLayerNotFound}) {
    Harness h;
    for (int i = 0; i < 3; ++i) h.fail_load(1, code);
    EXPECT_EQ(h.load(1), State::kOpen) << error_row(code).api_code;
  }
}

TEST(BreakerBoard, two_good_loads_let_it_in_again_and_each_move_is_told) {
  Harness h;
  for (int i = 0; i < 3; ++i) h.fail_load(1, Code::kIo);
  h.wait_out(5s);
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(h.ask(1, Tier::kCold).is_trial);
    EXPECT_FALSE(h.ask(1, Tier::kCold).is_allowed) << "one at a time";
    h.board.on_loaded(genome(1), Tier::kCold, 1s, h.now);
  }
  EXPECT_EQ(h.load(1), State::kClosed);
  ASSERT_EQ(h.changes.size(), 3u);
  const std::array moves{State::kClosed, State::kOpen, State::kHalfOpen, State::kClosed};
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(h.changes.at(i).from, moves.at(i));
    EXPECT_EQ(h.changes.at(i).to, moves.at(i + 1));
    EXPECT_EQ(h.changes.at(i).kind, BreakerKind::kLoad);
    EXPECT_EQ(h.changes.at(i).identity, genome(1));
  }
  EXPECT_EQ(h.changes.at(0).why, "3 failures in a row, the last: broken");
  EXPECT_EQ(h.changes.at(0).times_opened, 1u);
  EXPECT_GE(h.changes.at(0).retry_in, 500ms);
  EXPECT_EQ(h.changes.at(2).why, "2 good trials");
}

TEST(BreakerBoard, a_load_on_trial_has_three_medians) {
  Harness h;
  for (int g = 10; g < 15; ++g) h.board.on_loaded(genome(g), Tier::kCold, 2s, h.now);
  for (int i = 0; i < 3; ++i) h.fail_load(1, Code::kIo);
  h.wait_out(5s);
  ASSERT_TRUE(h.ask(1, Tier::kCold).is_trial);
  h.board.on_begun(h.last, genome(1), Tier::kCold, h.now);
  EXPECT_EQ(h.board.next_wakeup(), h.now + 6s);
  h.wait_out(6s - 1ns);
  EXPECT_EQ(h.load(1), State::kHalfOpen);
  h.wait_out(1ns);
  EXPECT_EQ(h.load(1), State::kOpen);
}

TEST(BreakerBoard, a_trial_whose_client_left_frees_its_place) {
  Harness h;
  for (int i = 0; i < 3; ++i) h.fail_load(1, Code::kIo);
  h.wait_out(5s);
  ASSERT_TRUE(h.ask(1, Tier::kCold).is_trial);
  h.board.on_ended(h.last, genome(1), h.now);
  EXPECT_TRUE(h.ask(1, Tier::kCold).is_trial);
}

TEST(BreakerBoard, a_trial_that_needed_no_load_in_the_end_frees_its_place) {
  Harness h;
  for (int i = 0; i < 3; ++i) h.fail_load(1, Code::kIo);
  h.wait_out(5s);
  ASSERT_TRUE(h.ask(1, Tier::kCold).is_trial);
  h.answer(1);
  EXPECT_EQ(h.load(1), State::kHalfOpen);
  EXPECT_TRUE(h.ask(1, Tier::kCold).is_trial);
}

TEST(BreakerBoard, a_trial_that_needs_no_load_has_no_deadline_for_one) {
  Harness h;
  for (int i = 0; i < 3; ++i) h.fail_load(1, Code::kIo);
  h.wait_out(5s);
  ASSERT_TRUE(h.ask(1, Tier::kCold).is_trial);
  h.board.on_begun(h.last, genome(1), Tier::kHot, h.now);
  h.wait_out(1h);
  EXPECT_EQ(h.load(1), State::kHalfOpen);
}

TEST(BreakerBoard, a_load_given_up_for_no_fault_of_the_genome_decides_no_trial) {
  Harness h;
  for (int i = 0; i < 3; ++i) h.fail_load(1, Code::kIo);
  h.wait_out(5s);
  ASSERT_TRUE(h.ask(1, Tier::kCold).is_trial);
  h.board.on_load_failed({.identity = genome(1)}, error(Code::kDraining), h.now);
  EXPECT_TRUE(h.ask(1, Tier::kCold).is_trial);
}

TEST(BreakerBoard, a_file_that_cannot_heal_is_quarantined_with_its_own_error) {
  for (const Code code : {Code::kLayerCorrupt, Code::kLayerRejected}) {
    Harness h;
    h.fail_load(1, code);
    h.wait_out(24h);
    const Verdict verdict = h.ask(1, Tier::kCold);
    EXPECT_FALSE(verdict.is_allowed);
    EXPECT_TRUE(verdict.is_long);
    EXPECT_EQ(verdict.error.code, code);
    EXPECT_TRUE(verdict.error.message.starts_with("broken"));
    EXPECT_FALSE(verdict.error.retry_after);
    h.board.on_layer_changed(layer(2), h.now);
    EXPECT_EQ(h.load(1), State::kQuarantined) << "another layer's file";
    h.board.on_layer_changed(layer(1), h.now);
    EXPECT_EQ(h.load(1), State::kClosed);
    EXPECT_TRUE(h.ask(1, Tier::kCold).is_allowed);
  }
}

TEST(BreakerBoard, an_operator_ends_a_file_quarantine) {
  Harness h;
  h.fail_load(1, Code::kLayerCorrupt);
  h.board.reset(genome(1), h.now);
  EXPECT_TRUE(h.ask(1, Tier::kCold).is_allowed);
}

// -------------------------------------------------------------------------------------------------------- answers

TEST(BreakerBoard, failed_answers_shut_out_all_and_leave_the_load_breaker_alone) {
  Harness h;
  for (int i = 0; i < 3; ++i) {
    (void)h.ask(1);
    h.board.on_answer_failed(h.last, genome(1), error(Code::kInternal), h.now);
  }
  EXPECT_FALSE(h.ask(1, Tier::kHot).is_allowed);
  EXPECT_FALSE(h.ask(1, Tier::kCold).is_allowed);
  EXPECT_EQ(h.load(1), State::kClosed);
}

TEST(BreakerBoard, a_clients_fault_is_no_outcome_but_frees_the_trial) {
  Harness h;
  for (int i = 0; i < 3; ++i) h.board.on_answer_failed(1, genome(1), error(Code::kInternal), h.now);
  h.wait_out(5s);
  ASSERT_TRUE(h.ask(1).is_trial);
  h.board.on_answer_failed(h.last, genome(1), error(Code::kBadRequest), h.now);
  EXPECT_EQ(h.answers(1), State::kHalfOpen);
  EXPECT_TRUE(h.ask(1).is_trial);
}

TEST(BreakerBoard, an_answer_on_trial_has_three_medians_to_its_first_token_and_then_its_own_time) {
  for (const bool is_in_time : {true, false}) {
    Harness h;
    make_usual(h, 5);
    for (int i = 0; i < 3; ++i) h.board.on_answer_failed(1, genome(1), error(Code::kInternal), h.now);
    h.wait_out(5s);
    ASSERT_TRUE(h.ask(1).is_trial);
    h.board.on_begun(h.last, genome(1), Tier::kHot, h.now);
    h.wait_out(1200ms - 1ns);
    EXPECT_EQ(h.answers(1), State::kHalfOpen);
    if (is_in_time) h.board.on_first_token(h.last, genome(1), h.now);
    h.wait_out(1ns);
    EXPECT_EQ(h.answers(1), is_in_time ? State::kHalfOpen : State::kOpen);
  }
}

TEST(BreakerBoard, a_failed_load_leaves_no_answer_on_trial) {
  Harness h;
  for (int i = 0; i < 3; ++i) h.board.on_answer_failed(1, genome(1), error(Code::kInternal), h.now);
  h.wait_out(5s);
  ASSERT_TRUE(h.ask(1, Tier::kCold).is_trial);
  h.board.on_load_failed({.identity = genome(1)}, error(Code::kIo), h.now);
  EXPECT_TRUE(h.ask(1, Tier::kCold).is_trial);
}

// The target R2 at the level of the class.
TEST(BreakerBoard, a_genome_slowed_tenfold_is_isolated_in_five_requests_and_no_other_is) {
  Harness h;
  make_usual(h, 11);
  int slow_ones = 0;
  for (int round = 0; round < 100; ++round) {
    for (int g = 0; g < 11; ++g) {
      const bool is_allowed = h.request(g, g == 3 ? 10 : 1);
      EXPECT_TRUE(is_allowed || g == 3);
      if (g == 3 && h.of(3).answer.times_opened == 0) ++slow_ones;
    }
  }
  EXPECT_LE(slow_ones, 4) << "the fifth opened it";
  EXPECT_FALSE(h.board.is_machine_slow());
  EXPECT_TRUE(std::ranges::all_of(h.changes, [](const BreakerChange& c) { return c.identity == genome(3); }));
}

TEST(BreakerBoard, a_slow_genome_with_most_of_the_traffic_does_not_hide_behind_itself) {
  Harness h;
  make_usual(h, 3);
  int slow_ones = 0;
  for (int i = 0; i < 1000 && h.answers(0) == State::kClosed; ++i) {
    if (i % 10 == 9) {
      EXPECT_TRUE(h.request(1 + i / 10 % 2));
    } else if (h.request(0, 10)) {
      ++slow_ones;
    }
  }
  EXPECT_EQ(h.answers(0), State::kOpen);
  EXPECT_EQ(slow_ones, 5) << "five slow in a row";
}

TEST(BreakerBoard, no_more_than_30_percent_of_the_active_genomes_are_kept_out_for_slowness) {
  for (const auto& [active, most] : {std::pair{1, 1}, {3, 1}, {6, 1}, {7, 2}, {10, 3}, {11, 3}, {14, 4}}) {
    Harness h;
    make_usual(h, active);
    const int slow = std::min(active, most + 1);
    for (int i = 0; i < 5; ++i) {
      for (int g = 0; g < active; ++g) EXPECT_TRUE(h.request(g, g < slow ? 10 : 1));
    }
    const auto all = h.board.snapshot(h.now);
    for (const GenomeBreakers& one : all) EXPECT_TRUE(one.answer.state == State::kClosed || one.identity.bytes[0] < slow);
    const auto is_kept_out = [](const GenomeBreakers& one) { return one.answer.state != State::kClosed; };
    EXPECT_EQ(std::ranges::count_if(all, is_kept_out), most) << active;
    EXPECT_EQ(h.board.is_machine_slow(), active > 1) << active;
  }
}

TEST(BreakerBoard, when_all_become_slow_the_measure_follows_and_nobody_is_kept_out) {
  Harness h;
  make_usual(h, 10);
  for (int i = 0; i < 100; ++i) {
    for (int g = 0; g < 10; ++g) EXPECT_TRUE(h.request(g, 10));
  }
  EXPECT_TRUE(h.changes.empty());
}

TEST(BreakerBoard, genomes_not_asked_for_in_ten_minutes_are_not_active) {
  Harness h;
  make_usual(h, 10);
  h.wait_out(10min);
  EXPECT_EQ(h.board.genomes(), 0u);
  int kept_out = 0;
  for (int g = 0; g < 3; ++g) {
    for (int i = 0; i < 5; ++i) h.request(g, 10);
    kept_out += h.answers(g) == State::kOpen ? 1 : 0;
  }
  EXPECT_EQ(kept_out, 1) << "of 3 now, not of 10";
}

TEST(BreakerBoard, a_genome_that_nobody_asks_for_keeps_no_other_from_being_kept_out) {
  Harness h;
  make_usual(h, 4);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(h.request(1, 10));
  for (int i = 0; i < 100; ++i) {
    h.now += 5s;
    for (const int g : {0, 2, 3}) EXPECT_TRUE(h.request(g));
  }
  ASSERT_EQ(h.answers(1), State::kHalfOpen) << "12 minutes later, asked for by nobody";
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(h.request(2, 10));
  EXPECT_EQ(h.answers(2), State::kOpen);
  EXPECT_FALSE(h.board.is_machine_slow());
}

TEST(BreakerBoard, the_machine_is_slow_until_those_genomes_are_good_or_gone) {
  for (const bool is_good_again : {true, false}) {
    Harness h;
    make_usual(h, 3);
    for (int i = 0; i < 5; ++i) {
      (void)h.request(1, 10);
      (void)h.request(2, 10);
      (void)h.request(0);
    }
    ASSERT_TRUE(h.board.is_machine_slow());
    for (int i = 0; is_good_again && i < 5; ++i) EXPECT_TRUE(h.request(2));
    if (!is_good_again) h.wait_out(10min);
    EXPECT_FALSE(h.board.is_machine_slow());
  }
}

// -------------------------------------------------------------------------------------------------------- crashes

TEST(BreakerBoard, the_fourth_crash_in_a_minute_is_a_crash_loop_and_each_further_one_waits_twice_as_long) {
  Harness h;
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(h.crash(1, CrashPhase::kLoading), Blame::kGenome);
    h.now += 1s;
  }
  for (const Duration wait : {10s, 20s, 40s, 80s, 160s, 300s, 300s}) {
    const BreakerStatus status = h.of(1).answer;
    EXPECT_EQ(status.state, State::kQuarantined);
    EXPECT_EQ(status.cause, BreakerCause::kCrashLoop);
    h.now = status.since;
    EXPECT_EQ(h.of(1).answer.retry_in, wait);
    const Verdict verdict = h.ask(1, Tier::kCold);
    EXPECT_EQ(verdict.error.retry_after, std::min<Duration>(wait, 60s));
    EXPECT_EQ(verdict.is_long, wait > 60s);
    if (wait > 60s) {
      h.wait_out(wait - 60s);
      EXPECT_FALSE(h.ask(1, Tier::kCold).is_long) << "60 s are left";
    }
    h.wait_out(std::min<Duration>(wait, 60s));
    EXPECT_EQ(h.answers(1), State::kHalfOpen);
    EXPECT_TRUE(h.ask(1, Tier::kCold).is_trial);
    h.crash(1);
  }
}

TEST(BreakerBoard, ten_healthy_minutes_after_a_crash_loop_begin_a_new_budget) {
  Harness h;
  for (int i = 0; i < 4; ++i) h.crash(1, CrashPhase::kLoading);
  h.wait_out(10s);
  EXPECT_EQ(h.of(1).crash_loops, 1u);
  h.wait_out(10min - 1ns);
  EXPECT_EQ(h.of(1).crash_loops, 1u);
  h.wait_out(1ns);
  EXPECT_EQ(h.of(1).crash_loops, 0u);
}

TEST(BreakerBoard, crashes_while_serving_are_failures_of_one_answer_each) {
  Harness h;
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(h.ask(1).is_allowed);
    h.crash(1);
  }
  EXPECT_EQ(h.of(1).answer.outcomes.failed, 3u);
  EXPECT_EQ(h.answers(1), State::kOpen);
  Harness loading;
  for (int i = 0; i < 3; ++i) loading.crash(1, CrashPhase::kLoading);
  EXPECT_EQ(loading.answers(1), State::kClosed) << "that is the load breaker's";
}

TEST(BreakerBoard, two_genomes_that_crash_together_are_not_quarantined) {
  Harness h;
  for (int i = 0; i < 10; ++i) {
    h.now += 4s;
    EXPECT_EQ(h.crash(1, CrashPhase::kLoading), i == 0 ? Blame::kGenome : Blame::kHostOrBase);
    h.now += 4s;
    EXPECT_EQ(h.crash(2, CrashPhase::kLoading), Blame::kHostOrBase);
  }
  EXPECT_EQ(h.answers(1), State::kClosed);
  EXPECT_EQ(h.answers(2), State::kClosed);
}

TEST(BreakerBoard, a_crash_beside_another_genomes_spends_nothing) {
  Harness h;
  for (int i = 0; i < 3; ++i) {
    h.now += 12s;
    EXPECT_EQ(h.crash(1, CrashPhase::kLoading), Blame::kGenome);
  }
  h.now += 11s;
  EXPECT_EQ(h.crash(2, CrashPhase::kLoading), Blame::kGenome);
  h.now += 1s;
  EXPECT_EQ(h.crash(1, CrashPhase::kLoading), Blame::kHostOrBase);
  EXPECT_EQ(h.answers(1), State::kClosed) << "three of its own";
  h.now += 11s;
  EXPECT_EQ(h.crash(1, CrashPhase::kLoading), Blame::kGenome);
  EXPECT_EQ(h.answers(1), State::kQuarantined) << "the fourth, 47 s after the first";
}

TEST(BreakerBoard, a_quarantine_from_longer_ago_stays) {
  Harness h;
  for (int i = 0; i < 4; ++i) h.crash(1, CrashPhase::kLoading);
  h.wait_out(10s);
  h.crash(1, CrashPhase::kLoading);
  h.wait_out(11s);
  h.crash(2, CrashPhase::kLoading);
  EXPECT_EQ(h.answers(1), State::kQuarantined) << "for 20 s";
}

TEST(BreakerBoard, an_operators_reset_ends_a_crash_loop_and_its_budget) {
  Harness h;
  for (int i = 0; i < 4; ++i) h.crash(1, CrashPhase::kLoading);
  h.board.reset(genome(1), h.now);
  EXPECT_EQ(h.answers(1), State::kClosed);
  for (int i = 0; i < 3; ++i) h.crash(1, CrashPhase::kLoading);
  EXPECT_EQ(h.answers(1), State::kClosed);
}

TEST(BreakerBoard, a_quarantine_is_lifted_when_another_genome_crashes_within_ten_seconds) {
  for (const bool is_within : {true, false}) {
    Harness h;
    for (int i = 0; i < 4; ++i) {
      h.crash(1, CrashPhase::kLoading);
      h.now += 15s;
    }
    ASSERT_EQ(h.answers(1), State::kQuarantined) << "45 s after the first";
    h.now -= is_within ? 6s : 5s - 1ns;
    h.crash(2, CrashPhase::kLoading);
    EXPECT_EQ(h.answers(1), is_within ? State::kClosed : State::kHalfOpen) << "after 10 s its wait was over by itself";
    EXPECT_EQ(h.of(1).crash_loops, is_within ? 0u : 1u);
  }
}

// ------------------------------------------------------------------------------------------------------ operators

TEST(BreakerBoard, an_operator_holds_both_breakers) {
  Harness h;
  h.board.force_open(genome(1), h.now);
  for (const Tier tier : {Tier::kHot, Tier::kCold}) {
    const Verdict verdict = h.ask(1, tier);
    EXPECT_FALSE(verdict.is_allowed);
    EXPECT_TRUE(verdict.is_long);
    EXPECT_EQ(verdict.error.retry_after, 60s);
  }
  h.board.disable(genome(1), h.now);
  for (int i = 0; i < 9; ++i) {
    h.fail_load(1, Code::kLayerCorrupt);
    h.crash(1);
    EXPECT_TRUE(h.ask(1, Tier::kCold).is_allowed);
  }
  h.board.reset(genome(1), h.now);
  EXPECT_EQ(h.load(1), State::kClosed);
  EXPECT_EQ(h.answers(1), State::kClosed);
  EXPECT_EQ(h.of(1).answer.outcomes.total(), 0u);
  EXPECT_EQ(h.changes.size(), 6u) << "three moves of two breakers";
}

// --------------------------------------------------------------------------------------------------------- memory

TEST(BreakerBoard, a_quiet_genome_is_forgotten_after_ten_minutes) {
  Harness h;
  (void)h.request(1);
  h.wait_out(10min - 1ns);
  EXPECT_EQ(h.board.genomes(), 1u);
  h.wait_out(1ns);
  EXPECT_EQ(h.board.genomes(), 0u);
  EXPECT_EQ(h.board.next_wakeup(), Instant::max());
}

TEST(BreakerBoard, beyond_its_bound_it_forgets_who_was_asked_for_longest_ago_and_open_breakers_last) {
  Harness h;
  h.board.force_open(genome(0), h.now);
  const auto most = static_cast<int>(BreakerBoard::kMostGenomes);
  for (int g = 1; g < most; ++g) (void)h.ask(g);
  (void)h.ask(1);
  EXPECT_EQ(h.board.genomes(), BreakerBoard::kMostGenomes);
  (void)h.ask(most);
  EXPECT_EQ(h.board.genomes(), BreakerBoard::kMostGenomes);
  EXPECT_EQ(h.answers(0), State::kForcedOpen);
  const auto all = h.board.snapshot(h.now);
  const auto is_known = [&](int g) { return std::ranges::find(all, genome(g), &GenomeBreakers::identity) != all.end(); };
  EXPECT_TRUE(is_known(1)) << "asked for again";
  EXPECT_FALSE(is_known(2));
  EXPECT_TRUE(is_known(most));
}

TEST(BreakerBoard, knows_nothing_of_requests_it_never_saw) {
  Harness h;
  h.board.on_begun(5, genome(1), Tier::kCold, h.now);
  h.board.on_first_token(5, genome(1), h.now);
  h.board.on_ended(5, genome(1), h.now);
  h.board.reset(genome(1), h.now);
  EXPECT_EQ(h.board.genomes(), 0u);
  EXPECT_FALSE(h.board.is_in_doubt(genome(1)));
}

}  // namespace
}  // namespace genepool

// The breakers at work in the pool: who is kept out and when again let in. Their own rules: breaker_test, breaker_board_test.
// In virtual time; a build takes 50 ms, a start 5 ms, an answer 100 ms (pool_harness.h).
#include <gtest/gtest.h>

#include "pool/pool_harness.h"

namespace genepool {
namespace {

using namespace std::chrono_literals;
using State = BreakerState;
constexpr BreakerKind kLoad = BreakerKind::kLoad, kAnswer = BreakerKind::kAnswer;

Error error(Code code) { return Error{code, "broken", "", std::nullopt}; }

void answer_one(Harness& h, char genome) {
  (void)h.arrive(genome);
  h.run(300ms);
}

void open_answers(Harness& h, char genome) {
  h.script.answer_error = error(Code::kInternal);
  for (int i = 0; i < 3; ++i) answer_one(h, genome);
  h.script.answer_error.reset();
  ASSERT_EQ(h.breaker(genome, kAnswer), State::kOpen);
}

void open_loads(Harness& h, char genome) {
  h.script.page_error = error(Code::kIo);
  for (int i = 0; i < 3; ++i) answer_one(h, genome);
  h.script.page_error.reset();
  ASSERT_EQ(h.breaker(genome, kLoad), State::kOpen);
}

TEST(PoolBreaker, three_failed_answers_keep_a_genome_out_and_no_other) {
  Harness h;
  h.heat('B');
  open_answers(h, 'A');
  ASSERT_EQ(h.breaker_changes.size(), 1u);
  const BreakerChanged& change = h.breaker_changes[0];
  EXPECT_EQ(change.identity, h.spec('A').identity);
  EXPECT_EQ(change.cause, BreakerCause::kFailure);
  EXPECT_EQ(change.why, "3 failures in a row, the last: broken");
  EXPECT_EQ(h.count("BreakerChanged"), 1);

  const RequestId r = h.arrive('A');
  EXPECT_EQ(h.refusal_of(r), Code::kBreakerOpen) << "also of a HOT genome";
  ASSERT_TRUE(h.asked.at(r).refusal->retry_after);
  EXPECT_LE(*h.asked.at(r).refusal->retry_after, 5s);
  EXPECT_EQ(h.actions.substr(h.actions.size() - 3), " 1\n") << "said to be kept out";
  const RequestId other = h.arrive('B');
  h.run(300ms);
  EXPECT_FALSE(h.refusal_of(other));
}

TEST(PoolBreaker, retry_after_is_the_moment_of_the_first_trial) {
  Harness h;
  open_answers(h, 'A');
  const Duration wait = *h.asked.at(h.arrive('A')).refusal->retry_after;
  h.run(wait - 1ms);
  EXPECT_TRUE(h.refusal_of(h.arrive('A')));
  h.run(1ms);
  EXPECT_EQ(h.breaker('A', kAnswer), State::kHalfOpen);
  EXPECT_FALSE(h.refusal_of(h.arrive('A')));
}

TEST(PoolBreaker, one_trial_at_a_time_and_two_good_ones_close) {
  Harness h;
  open_answers(h, 'A');
  h.run(5s);
  for (const State after : {State::kHalfOpen, State::kClosed}) {
    const RequestId trial = h.arrive('A');
    EXPECT_EQ(h.refusal_of(h.arrive('A')), Code::kBreakerOpen) << "a second one";
    h.run(300ms);
    EXPECT_FALSE(h.refusal_of(trial));
    EXPECT_EQ(h.breaker('A', kAnswer), after);
  }
  EXPECT_FALSE(h.refusal_of(h.arrive('A')));
}

TEST(PoolBreaker, a_failed_trial_opens_again) {
  Harness h;
  open_answers(h, 'A');
  h.run(5s);
  h.script.answer_error = error(Code::kIo);
  answer_one(h, 'A');
  EXPECT_EQ(h.breaker('A', kAnswer), State::kOpen);
  EXPECT_EQ(h.breaker_changes.back().times_opened, 2u);
}

TEST(PoolBreaker, a_trial_that_was_cancelled_or_ran_out_of_time_frees_its_place) {
  Harness h;
  open_answers(h, 'A');
  h.run(5s);
  h.script.releases = false;
  const RequestId granted = h.arrive('A');  // HOT: granted after its health check
  h.run(10ms);
  ASSERT_TRUE(h.asked.at(granted).is_granted);
  h.cancel(granted);
  h.run(10ms);
  h.asked.at(granted).is_ended = true;
  h.script.releases = true;
  EXPECT_EQ(h.breaker('A', kAnswer), State::kHalfOpen) << "it says nothing of the genome, or a good answer";
  const RequestId waiting = h.arrive('A');
  EXPECT_FALSE(h.refusal_of(waiting));
  h.cancel(waiting);
  const RequestId late = h.arrive('A', 0ms);
  EXPECT_EQ(h.refusal_of(late), Code::kDeadlineExceeded) << "before the breaker was asked";
  EXPECT_FALSE(h.refusal_of(h.arrive('A')));
}

TEST(PoolBreaker, a_trial_that_shows_nothing_within_its_limit_opens_again) {
  Harness h;
  open_answers(h, 'A');
  h.run(5s);
  h.script.releases = false;
  const RequestId trial = h.arrive('A');
  h.run(200ms);
  ASSERT_TRUE(h.asked.at(trial).is_granted);
  while (h.breaker('A', kAnswer) == State::kHalfOpen && h.now - h.asked.at(trial).granted < 60s) {
    h.send(WorkerAlive{h.asked.at(trial).worker});
    h.run(1s);
  }
  EXPECT_EQ(h.breaker('A', kAnswer), State::kOpen);
  EXPECT_LE(h.now - h.asked.at(trial).granted, 31s);
  EXPECT_FALSE(h.is_ended(trial)) << "it goes on all the same";
}

TEST(PoolBreaker, failed_loads_keep_out_cold_starts) {
  Harness h;
  open_loads(h, 'A');
  EXPECT_EQ(h.refusal_of(h.arrive('A')), Code::kBreakerOpen);
  h.run(5s);
  EXPECT_EQ(h.breaker('A', kLoad), State::kHalfOpen);
  for (int i = 0; i < 2; ++i) {
    answer_one(h, 'A');
    (void)h.bring('A', Goal::kCold);
    h.run(1s);
  }
  EXPECT_EQ(h.breaker('A', kLoad), State::kClosed);
}

TEST(PoolBreaker, an_open_genome_is_not_brought_in_ahead_of_requests) {
  Harness h;
  open_loads(h, 'A');
  const CommandId preload = h.bring('A', Goal::kWarm), load = h.bring('A', Goal::kHot), guess = h.prewarm('A', std::nullopt);
  EXPECT_EQ(h.done(preload), false);
  EXPECT_EQ(h.commands.at(preload)->error.code, Code::kBreakerOpen);
  EXPECT_EQ(h.done(load), false);
  EXPECT_EQ(h.done(guess), false);
  EXPECT_EQ(h.done(h.bring('A', Goal::kCold)), true);
  h.set_breaker('A', BreakerWish::kReset);
  EXPECT_EQ(h.done(h.bring('A', Goal::kHot)), std::nullopt);
}

TEST(PoolBreaker, a_file_that_cannot_heal_is_kept_out_until_it_changes) {
  for (const bool is_by_operator : {false, true}) {
    Harness h;
    h.script.page_error = error(Code::kLayerCorrupt);
    answer_one(h, 'A');
    h.script.page_error.reset();
    h.run(1h);
    EXPECT_EQ(h.breaker('A', kLoad), State::kQuarantined);
    EXPECT_EQ(h.refusal_of(h.arrive('A')), Code::kLayerCorrupt);
    EXPECT_EQ(h.count("BuildPage"), 1) << "it is not read again";
    is_by_operator ? h.set_breaker('A', BreakerWish::kReset) : h.layer_changed('A');
    const RequestId r = h.arrive('A');
    h.run(300ms);
    EXPECT_FALSE(h.refusal_of(r));
    EXPECT_EQ(h.breaker('A', kLoad), State::kClosed);
  }
}

TEST(PoolBreaker, a_removed_layer_ends_its_quarantine) {
  Harness h;
  h.script.page_error = error(Code::kLayerCorrupt);
  answer_one(h, 'A');
  h.layer_gone('A');
  EXPECT_EQ(h.breaker('A', kLoad), State::kClosed) << "the next load says what is wrong now";
}

TEST(PoolBreaker, a_fourth_death_within_a_minute_is_a_crash_loop) {
  Harness h;
  for (int death = 1; death <= 4; ++death) {
    EXPECT_NE(h.breaker('A', kAnswer), State::kQuarantined) << death;
    h.heat('A');
    h.die(*h.worker_of('A'));
    h.run(death < 4 ? 5s : 0s);  // the third opens it, the fourth comes after a trial
  }
  EXPECT_EQ(h.breaker('A', kAnswer), State::kQuarantined);
  EXPECT_EQ(h.breaker_changes.back().cause, BreakerCause::kCrashLoop);
  EXPECT_EQ(h.asked.at(h.arrive('A')).refusal->retry_after, 10s);
}

TEST(PoolBreaker, a_worker_that_was_wanted_dead_is_no_crash) {
  Harness h;
  for (int i = 0; i < 9; ++i) {
    h.heat('A');
    (void)h.demote('A');
    h.run(1s);
  }
  EXPECT_TRUE(h.breaker_changes.empty());
}

TEST(PoolBreaker, a_stuck_worker_is_a_failed_answer_once) {
  Harness h;
  const RequestId r = h.occupy('A');
  h.run(11s);  // stuck after 10 s, killed, gone; the request starts over
  ASSERT_EQ(h.kills.size(), 1u);
  EXPECT_EQ(h.kills[0], KillReason::kStuck);
  EXPECT_EQ(h.asked.at(r).grants, 2);
  h.run(11s);  // again: now it ends
  EXPECT_EQ(h.refusal_of(r), Code::kWorkerDied);
  EXPECT_EQ(h.breaker('A', kAnswer), State::kClosed) << "two failures";
  (void)h.occupy('A');
  h.run(11s);
  EXPECT_EQ(h.breaker('A', kAnswer), State::kOpen) << "three";
}

TEST(PoolBreaker, what_a_client_did_is_no_failure) {
  Harness h;
  h.script.answer_error = error(Code::kBadRequest);
  for (int i = 0; i < 9; ++i) answer_one(h, 'A');
  EXPECT_EQ(h.breaker('A', kAnswer), State::kClosed);
}

TEST(PoolBreaker, off_keeps_nobody_out_and_forgets) {
  Harness h;
  open_answers(h, 'A');
  h.knobs([](Knobs& k) { k.has_breakers = false; });
  EXPECT_TRUE(h.pool.breakers(h.now).empty());
  const RequestId r = h.arrive('A');
  h.run(300ms);
  EXPECT_FALSE(h.refusal_of(r));
  h.knobs([](Knobs& k) { k.has_breakers = true; });
  EXPECT_FALSE(h.refusal_of(h.arrive('A')));
}

TEST(PoolBreaker, an_operator_keeps_a_genome_out_or_lets_it_in) {
  Harness h;
  h.set_breaker('A', BreakerWish::kOpen);
  h.run(1h);
  EXPECT_EQ(h.refusal_of(h.arrive('A')), Code::kKeptOut) << "nobody knows for how long";
  h.set_breaker('A', BreakerWish::kDisable);
  h.script.answer_error = error(Code::kInternal);
  for (int i = 0; i < 9; ++i) answer_one(h, 'A');
  EXPECT_EQ(h.breaker('A', kAnswer), State::kDisabled);
  h.set_breaker('A', BreakerWish::kReset);
  EXPECT_EQ(h.breaker('A', kAnswer), State::kClosed);
}

// A lease's holder may think for long between grant and generation: not the genome's time.
TEST(PoolBreaker, a_lease_is_judged_by_its_end_alone) {
  Harness h;
  open_answers(h, 'A');
  h.run(5s);
  h.knobs([](Knobs& k) { k.stuck_after = 1h; });
  for (const State after : {State::kHalfOpen, State::kClosed}) {
    h.script.releases = false;
    const RequestId lease = h.arrive('A', 120s, true);
    h.run(10min);
    EXPECT_EQ(h.breaker('A', kAnswer), State::kHalfOpen);
    h.release(lease);
    EXPECT_EQ(h.breaker('A', kAnswer), after);
  }
}

// R2: of eleven genomes one becomes ten times slower.
TEST(PoolBreaker, a_slow_genome_is_isolated_within_five_requests_and_no_other_is_refused) {
  Knobs knobs = knobs_with(11);
  knobs.hot_bytes = 2000;
  knobs.stuck_after = 1h;
  Harness h(knobs);
  h.script.inference = 400ms;
  const std::string genomes = "ABCDEFGHIJS";
  const auto round = [&] {
    for (const char genome : genomes) (void)h.arrive(genome);
    h.run(5s);
  };
  for (int i = 0; i < 3; ++i) round();
  h.script.slowness['S'] = 10;
  for (int i = 0; i < 5; ++i) round();
  ASSERT_FALSE(h.breaker_changes.empty());
  EXPECT_EQ(h.breaker_changes.front().cause, BreakerCause::kSlowness);
  for (int i = 0; i < 5; ++i) round();
  EXPECT_NE(h.breaker('S', kAnswer), State::kClosed);
  for (const auto& [id, r] : h.asked) EXPECT_TRUE(r.genome == 'S' || !r.refusal) << r.genome;
}

// Two of four genomes are slow, one may be kept out: then it is the machine, and nobody else begins to wait.
TEST(PoolBreaker, a_slow_machine_lets_no_line_grow) {
  for (const double times : {1.0, 10.0}) {
    Knobs knobs = knobs_with(4);
    knobs.stuck_after = 1h;
    Harness h(knobs);
    h.script.inference = 400ms;
    const auto rounds = [&](int count) {
      for (int i = 0; i < count; ++i) {
        for (const char genome : std::string("ABCD")) (void)h.arrive(genome);
        h.run(5s);
      }
    };
    rounds(3);
    h.script.slowness = {{'A', times}, {'B', times}};
    rounds(5);
    h.script.releases = false;
    for (const char genome : std::string("BCD")) (void)h.arrive(genome);
    h.run(100ms);
    h.pin('A');
    EXPECT_FALSE(h.refusal_of(h.arrive('E'))) << "nobody waits yet";
    EXPECT_EQ(h.refusal_of(h.arrive('F')), times > 1 ? std::optional(Code::kQueueFull) : std::nullopt);
    EXPECT_FALSE(h.refusal_of(h.arrive('C'))) << "its worker has a free sequence";
  }
}

}  // namespace
}  // namespace genepool

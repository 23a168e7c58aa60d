// Deaths, failures, a base that cannot fork, draining, and what comes late.
// In virtual time; a page has 100 bytes, KV 50, hot_bytes 1500, warm_bytes 1000 (pool_harness.h).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pool/pool_harness.h"

namespace genepool {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

TEST(PoolCore, a_death_before_the_first_token_is_hidden_by_a_retry) {
  Harness h;
  const RequestId r = h.occupy('A');
  const RequestId later = h.arrive('A');
  h.die(1);
  h.run(100ms);
  EXPECT_EQ(h.asked.at(r).worker, 2u);
  EXPECT_EQ(h.asked.at(later).worker, 2u);
  EXPECT_EQ(h.tier_of(r), Tier::kWarm);
  EXPECT_LT(h.actions.rfind("Grant " + std::to_string(r)), h.actions.rfind("Grant " + std::to_string(later)));
}

TEST(PoolCore, a_death_after_the_first_token_ends_the_request) {
  Harness h;
  const RequestId r = h.occupy('A');
  h.send(FirstToken{r});
  h.die(1);
  EXPECT_EQ(h.refusal_of(r), Code::kWorkerDied);
}

TEST(PoolCore, a_second_death_ends_the_request) {
  Harness h;
  const RequestId r = h.occupy('A');
  h.die(1);
  h.run(100ms);
  h.die(2);
  EXPECT_EQ(h.refusal_of(r), Code::kWorkerDied);
}

TEST(PoolCore, an_idle_death_is_seen_before_the_next_grant) {
  Harness h;
  h.heat('A');
  h.die(1);
  const RequestId r = h.arrive('A');
  h.run(100ms);
  EXPECT_EQ(h.asked.at(r).worker, 2u);
  EXPECT_EQ(h.tier_of(r), Tier::kWarm);
}

TEST(PoolCore, an_answer_that_was_complete_when_its_worker_died_is_not_repeated) {
  Harness h;
  const RequestId r = h.occupy('A');
  h.die(1);
  h.asked.at(r).is_ended = true;
  h.send(Release{r, true});
  h.run(1s);
  EXPECT_EQ(h.count("Grant"), 1);
}

TEST(PoolCore, a_token_read_after_its_workers_death_forbids_the_retry) {
  Harness h;
  const RequestId r = h.occupy('A');
  h.die(1);
  h.send(FirstToken{r});
  EXPECT_EQ(h.refusal_of(r), Code::kWorkerDied);
}

TEST(PoolCore, a_failed_page_refuses_its_own_requests_only) {
  Harness h;
  h.script.page_error = Error{Code::kIo, "checksum", "", std::nullopt};
  const RequestId bad = h.arrive('A');
  const RequestId bad_too = h.arrive('A');
  h.run(10ms);
  h.script.page_error.reset();
  const RequestId good = h.arrive('B');
  h.run(200ms);
  EXPECT_EQ(h.refusal_of(bad), Code::kIo);
  EXPECT_EQ(h.refusal_of(bad_too), Code::kIo);
  EXPECT_EQ(h.tier_of(good), Tier::kCold);
  EXPECT_EQ(h.tier_of(h.arrive('A')), std::nullopt);
  h.run(200ms);
  EXPECT_EQ(h.status('A').tier, Tier::kHot) << "the next request tries anew";
}

TEST(PoolCore, a_transient_spawn_failure_is_tried_once_more) {
  Harness h;
  h.script.spawn_error = Error{Code::kUnavailable, "fork", "", std::nullopt};
  const RequestId r = h.arrive('A');
  h.run(57ms);
  EXPECT_EQ(h.count("SpawnWorker"), 2);
  h.script.spawn_error.reset();
  const RequestId second = h.arrive('B');
  h.run(200ms);
  EXPECT_EQ(h.refusal_of(r), Code::kUnavailable);
  EXPECT_EQ(h.tier_of(second), Tier::kCold);
}

TEST(PoolCore, a_worker_that_rejects_its_layer_is_not_tried_again) {
  Harness h;
  h.script.spawn_error = Error{Code::kLayerRejected, "shape", "", std::nullopt};
  const RequestId r = h.arrive('A');
  h.run(200ms);
  EXPECT_EQ(h.count("SpawnWorker"), 1);
  EXPECT_EQ(h.refusal_of(r), Code::kLayerRejected);
  EXPECT_EQ(h.status('A').tier, Tier::kWarm);
}

TEST(PoolCore, a_page_bigger_than_promised_is_not_used) {
  Harness h;
  h.script.page_bytes = 101;
  const RequestId r = h.arrive('A');
  h.run(200ms);
  EXPECT_EQ(h.refusal_of(r), Code::kInternal);
  EXPECT_EQ(h.count("DropPage"), 1);
  EXPECT_EQ(h.pool.snapshot().hot_bytes, 0u);
}

TEST(PoolCore, a_page_smaller_than_promised_is_charged_as_it_is) {
  Harness h;
  h.script.page_bytes = 60;
  h.heat('A');
  EXPECT_EQ(h.pool.snapshot().hot_bytes, 110u);
}

TEST(PoolCore, a_worker_that_fails_on_a_page_whose_layer_is_gone_is_not_tried_with_it_again) {
  Harness h;
  h.script.spawn_error = Error{Code::kUnavailable, "fork", "", std::nullopt};
  const RequestId r = h.arrive('A');
  h.run(52ms);
  h.layer_gone('A');
  h.script.spawn_error.reset();
  h.run(200ms);
  EXPECT_EQ(h.count("DropPage"), 1);
  EXPECT_EQ(h.count("BuildPage"), 2);
  EXPECT_EQ(h.tier_of(r), Tier::kCold);
}

TEST(PoolCore, a_base_that_cannot_spawn_makes_assemblies_wait) {
  Harness h(knobs_with(2));
  h.heat('A');
  const RequestId building = h.arrive('B');
  h.send(BaseState{false, false});
  const RequestId r = h.arrive('C');
  EXPECT_EQ(h.tier_of(r), std::nullopt);
  h.run(1s);
  EXPECT_EQ(h.count("SpawnWorker"), 1);
  EXPECT_TRUE(h.kills.empty()) << "no running worker is given up for one that cannot start";
  const RequestId hot = h.arrive('A');
  h.run(1s);
  EXPECT_EQ(h.tier_of(hot), Tier::kHot);
  h.send(BaseState{true, false});
  h.run(1s);
  EXPECT_EQ(h.tier_of(building), Tier::kCold);
  EXPECT_EQ(h.tier_of(r), Tier::kCold);
}

TEST(PoolCore, a_base_given_up_refuses_what_is_not_hot) {
  Harness h(knobs_with(3));
  h.heat('A');
  const RequestId waiting = h.arrive('B');
  const CommandId load = h.bring('C', Goal::kHot);
  h.send(BaseState{false, true});
  EXPECT_EQ(h.refusal_of(waiting), Code::kUnavailable);
  EXPECT_EQ(h.done(load), false);
  EXPECT_EQ(h.refusal_of(h.arrive('C')), Code::kUnavailable);
  const RequestId hot = h.arrive('A');
  h.run(1s);
  EXPECT_EQ(h.tier_of(hot), Tier::kHot);
  h.send(BaseState{true, false});
  const RequestId later = h.arrive('B');
  h.run(1s);
  EXPECT_EQ(h.tier_of(later), Tier::kWarm) << "its page was finished meanwhile";
}

TEST(PoolCore, drain_ends_what_waits_and_lets_run_what_runs) {
  Harness h;
  h.heat('B');
  const RequestId running = h.occupy('A');
  const RequestId waiting = h.arrive('C');
  h.send(Drain{});
  EXPECT_EQ(h.refusal_of(waiting), Code::kDraining);
  EXPECT_EQ(h.refusal_of(h.arrive('A')), Code::kDraining);
  EXPECT_EQ(h.done(h.bring('D', Goal::kWarm)), false);
  EXPECT_THAT(h.kills, ElementsAre(KillReason::kDraining));
  h.run(1s);
  h.release(running);
  EXPECT_THAT(h.kills, ElementsAre(KillReason::kDraining, KillReason::kDraining));
  h.run(1s);
  EXPECT_EQ(h.pool.snapshot().hot, 0u);
}

TEST(PoolCore, a_smaller_max_hot_evicts_idle_ones_and_asks_busy_ones_to_yield) {
  Harness h(knobs_with(3));
  h.heat('A');
  const RequestId b = h.occupy('B');
  const RequestId c = h.occupy('C');
  h.run(3s);
  h.knobs([](Knobs& k) { k.max_hot = 1; });
  EXPECT_EQ(h.kills.size(), 1u);
  EXPECT_TRUE(h.status('B').is_yielding);
  EXPECT_FALSE(h.status('C').is_yielding);
  h.release(c);
  EXPECT_EQ(h.kills.size(), 2u) << "the idle one goes first, the yield is taken back";
  EXPECT_FALSE(h.status('B').is_yielding);
  h.release(b);
  EXPECT_EQ(h.kills.size(), 2u);
}

TEST(PoolCore, smaller_budgets_drop_what_no_longer_fits) {
  Harness h(knobs_with(3));
  for (const char genome : std::string("ABC")) h.heat(genome);
  h.knobs([](Knobs& k) { k.hot_bytes = 200; });
  h.run(1s);
  EXPECT_EQ(h.pool.snapshot().hot, 1u);
  EXPECT_EQ(h.pool.snapshot().warm, 2u);
  h.knobs([](Knobs& k) { k.warm_bytes = 100; });
  EXPECT_EQ(h.pool.snapshot().warm, 1u);
  EXPECT_EQ(h.pool.snapshot().layer_bytes, 0u);
  EXPECT_EQ(h.status('C').tier, Tier::kHot);
  EXPECT_EQ(h.status('B').tier, Tier::kWarm) << "the least recently used went";
}

TEST(PoolCore, a_seat_held_for_bytes_that_a_knob_took_away_is_given_up) {
  Knobs k = knobs_with(1);
  k.hot_bytes = 170;
  Harness h(k);
  h.heat('A');
  const RequestId r = h.arrive('B');  // waits for A's bytes
  h.knobs([](Knobs& changed) { changed.hot_bytes = 140; });
  EXPECT_EQ(h.refusal_of(r), Code::kTooLarge);
  h.knobs([](Knobs& changed) { changed.hot_bytes = 170; });
  const RequestId again = h.arrive('B');
  h.run(200ms);
  EXPECT_EQ(h.tier_of(again), Tier::kCold);
}

TEST(PoolCore, events_about_the_unknown_are_ignored) {
  Harness h;
  h.heat('A');
  const std::string before = h.actions;
  for (const Event& event : std::vector<Event>{
           Cancel{99}, FirstToken{99}, Release{99, false}, WorkerReady{99}, WorkerFailed{99, {}}, WorkerGone{99},
           WorkerAlive{99}, ProbeAnswered{99}, PageBuilt{test_digest('G', 'Z'), 5, {}},
           PageFailed{test_digest('G', 'Z'), {}},
           LayerGone{test_digest('L', 'Z')}, Tick{}, WorkerReady{1}, ProbeAnswered{1}, WorkerAlive{1}, WorkerFailed{1, {}},
           PageBuilt{test_digest('G', 'A'), 5, {}}, PageFailed{test_digest('G', 'A'), {}}, BaseState{true, false}}) {
    h.send(event);
  }
  EXPECT_EQ(h.actions, before);
}

TEST(PoolCore, answers_of_a_killed_worker_are_ignored) {
  Harness h;
  h.heat('A');
  (void)h.demote('A');
  const std::string before = h.actions;
  const std::vector<Event> late{WorkerReady{1}, ProbeAnswered{1}, WorkerAlive{1}, WorkerFailed{1, {}}};
  for (const Event& event : late) h.send(event);
  EXPECT_EQ(h.actions, before);
  h.die(1);
  h.send(WorkerGone{1});
  EXPECT_EQ(h.status('A').tier, Tier::kWarm);
}

TEST(PoolCore, a_cold_genome_is_forgotten) {
  Harness h;
  for (int i = 0; i < 60; ++i) h.heat(static_cast<char>('A' + i));
  EXPECT_LE(h.pool.snapshot().genomes.size(), 3u + 20u + 1u);
}

}  // namespace
}  // namespace genepool

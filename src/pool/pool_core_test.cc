// The rules of the pool, one case each, in virtual time. A page has 100 bytes, KV 50, hot_bytes 1500, warm_bytes 1000.
#include "pool/pool_core.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pool/pool_harness.h"

namespace genepool {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

Knobs knobs_with(std::uint32_t max_hot) {
  Knobs k = test_knobs();
  k.max_hot = max_hot;
  return k;
}

// Brings the genome in and lets its request end.
void heat(Harness& h, char genome) {
  (void)h.arrive(genome);
  h.run(200ms);
  ASSERT_EQ(h.status(genome).tier, Tier::kHot);
}

// A request that stays in flight until the test releases it.
RequestId occupy(Harness& h, char genome) {
  h.script.releases = false;
  const RequestId r = h.arrive(genome);
  h.run(100ms);
  EXPECT_TRUE(h.asked.at(r).is_granted);
  return r;
}

// ------------------------------------------------------------------------------------------------ tiers and joining
TEST(PoolCore, cold_then_hot_then_warm) {
  Harness h(knobs_with(1));
  const RequestId cold = h.arrive('A');
  h.run(200ms);
  const RequestId hot = h.arrive('A');
  h.run(200ms);
  heat(h, 'B');
  const RequestId warm = h.arrive('A');
  h.run(200ms);
  EXPECT_EQ(h.tier_of(cold), Tier::kCold);
  EXPECT_EQ(h.tier_of(hot), Tier::kHot);
  EXPECT_EQ(h.tier_of(warm), Tier::kWarm);
  EXPECT_EQ(h.count("BuildPage"), 2);
  EXPECT_THAT(h.kills, ElementsAre(KillReason::kEvicted, KillReason::kEvicted));
}

TEST(PoolCore, joiners_share_one_assembly_and_its_tier) {
  Harness h;
  std::vector<RequestId> all;
  for (int i = 0; i < 4; ++i) {
    all.push_back(h.arrive('A'));
    h.run(10ms);
  }
  h.run(20ms);
  EXPECT_EQ(h.count("BuildPage"), 1);
  EXPECT_EQ(h.count("SpawnWorker"), 1);
  EXPECT_EQ(h.count("Grant"), 4);
  for (const RequestId r : all) EXPECT_EQ(h.tier_of(r), Tier::kCold);
}

TEST(PoolCore, a_genome_with_some_layers_in_ram_is_cold_and_reads_only_the_others) {
  Harness h;
  heat(h, 'A');
  const RequestId r = h.arrive('B');
  h.run(200ms);
  EXPECT_EQ(h.tier_of(r), Tier::kCold);
  const std::string own = test_digest('L', 'B').hex();
  EXPECT_EQ(h.count("BuildPage " + test_digest('G', 'B').hex() + " 1 " + own), 1);
}

TEST(PoolCore, the_bare_base_needs_no_page) {
  Harness h;
  const RequestId r = h.arrive('0');
  h.run(200ms);
  EXPECT_EQ(h.tier_of(r), Tier::kWarm);
  EXPECT_EQ(h.count("BuildPage"), 0);
  EXPECT_EQ(h.pool.snapshot().hot_bytes, 50u);
}

TEST(PoolCore, a_request_that_waited_has_the_tier_at_which_its_assembly_began) {
  Harness h(knobs_with(1));
  heat(h, 'B');
  heat(h, 'A');
  const RequestId busy = occupy(h, 'A');
  const RequestId waiting = h.arrive('B');
  (void)h.bring('B', Goal::kCold);
  h.release(busy);
  h.run(300ms);
  EXPECT_EQ(h.tier_of(waiting), Tier::kCold);
}

TEST(PoolCore, an_assembly_nobody_waits_for_still_completes) {
  Harness h;
  const RequestId r = h.arrive('A');
  h.run(10ms);
  h.cancel(r);
  h.run(200ms);
  EXPECT_EQ(h.status('A').tier, Tier::kHot);
  EXPECT_EQ(h.status('A').worker_state, WorkerState::kIdle);
  EXPECT_EQ(h.count("Grant"), 0);
}

// ------------------------------------------------------------------------------------------------ HOT grants and health
TEST(PoolCore, an_idle_worker_is_probed_before_it_is_granted) {
  Harness h;
  heat(h, 'A');
  const RequestId r = h.arrive('A');
  EXPECT_EQ(h.count("ProbeWorker"), 1);
  EXPECT_FALSE(h.tier_of(r));
  h.run(1ms);
  EXPECT_EQ(h.tier_of(r), Tier::kHot);
}

TEST(PoolCore, a_busy_worker_is_granted_at_once_up_to_its_sequences) {
  Harness h;
  (void)occupy(h, 'A');
  for (int i = 0; i < 3; ++i) EXPECT_EQ(h.tier_of(h.arrive('A')), Tier::kHot);
  const RequestId fifth = h.arrive('A');
  EXPECT_FALSE(h.tier_of(fifth));
  EXPECT_EQ(h.count("ProbeWorker"), 0);
  h.release(1);
  EXPECT_EQ(h.tier_of(fifth), Tier::kHot);
}

TEST(PoolCore, an_idle_worker_that_does_not_answer_is_killed_and_replaced) {
  Harness h;
  heat(h, 'A');
  h.deaf.insert(*h.worker_of('A'));
  const RequestId r = h.arrive('A');
  h.run(499ms);
  EXPECT_TRUE(h.kills.empty());
  h.run(101ms);
  EXPECT_THAT(h.kills, ElementsAre(KillReason::kProbeFailed));
  EXPECT_EQ(h.tier_of(r), Tier::kWarm);
  EXPECT_EQ(h.asked.at(r).worker, 2u);
}

TEST(PoolCore, a_stuck_worker_is_killed_never_granted_and_its_request_retried_once) {
  Harness h;
  h.script.inference = 60s;
  const RequestId stuck = h.arrive('A');
  h.run(100ms);
  h.deaf.insert(1);
  h.run(5s);
  const RequestId joined = h.arrive('A');  // its last sign of life is recent enough
  EXPECT_EQ(h.asked.at(joined).worker, 1u);
  h.run(6s);
  EXPECT_THAT(h.kills, ElementsAre(KillReason::kStuck));
  EXPECT_EQ(h.asked.at(stuck).grants, 2);
  EXPECT_EQ(h.asked.at(stuck).worker, 2u);
  h.deaf.insert(2);
  h.run(11s);
  EXPECT_EQ(h.refusal_of(stuck), Code::kWorkerDied);
  EXPECT_EQ(h.refusal_of(joined), Code::kWorkerDied);
}

TEST(PoolCore, a_long_request_with_signs_of_life_is_not_stuck) {
  Harness h;
  h.script.inference = 60s;
  const RequestId r = h.arrive('A');
  h.run(61s);
  EXPECT_TRUE(h.is_ended(r));
  EXPECT_TRUE(h.kills.empty());
}

TEST(PoolCore, a_busy_worker_whose_last_sign_is_too_old_is_not_granted) {
  Harness h;
  (void)occupy(h, 'A');
  h.now += 11s;  // its Tick is late
  const RequestId r = h.arrive('A');
  EXPECT_THAT(h.kills, ElementsAre(KillReason::kStuck));
  EXPECT_FALSE(h.tier_of(r));
  h.run(100ms);
  EXPECT_EQ(h.asked.at(r).worker, 2u);
}

// ------------------------------------------------------------------------------------------------ deaths and failures
TEST(PoolCore, a_death_before_the_first_token_is_hidden_by_a_retry) {
  Harness h;
  const RequestId r = occupy(h, 'A');
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
  const RequestId r = occupy(h, 'A');
  h.send(FirstToken{r});
  h.die(1);
  EXPECT_EQ(h.refusal_of(r), Code::kWorkerDied);
}

TEST(PoolCore, a_second_death_ends_the_request) {
  Harness h;
  const RequestId r = occupy(h, 'A');
  h.die(1);
  h.run(100ms);
  h.die(2);
  EXPECT_EQ(h.refusal_of(r), Code::kWorkerDied);
}

TEST(PoolCore, an_idle_death_is_seen_before_the_next_grant) {
  Harness h;
  heat(h, 'A');
  h.die(1);
  const RequestId r = h.arrive('A');
  h.run(100ms);
  EXPECT_EQ(h.asked.at(r).worker, 2u);
  EXPECT_EQ(h.tier_of(r), Tier::kWarm);
}

TEST(PoolCore, an_answer_that_was_complete_when_its_worker_died_is_not_repeated) {
  Harness h;
  const RequestId r = occupy(h, 'A');
  h.die(1);
  h.asked.at(r).is_ended = true;
  h.send(Release{r, true});
  h.run(1s);
  EXPECT_EQ(h.count("Grant"), 1);
}

TEST(PoolCore, a_token_read_after_its_workers_death_forbids_the_retry) {
  Harness h;
  const RequestId r = occupy(h, 'A');
  h.die(1);
  h.send(FirstToken{r});
  EXPECT_EQ(h.refusal_of(r), Code::kWorkerDied);
}

TEST(PoolCore, a_failed_page_refuses_its_own_requests_only) {
  Harness h;
  h.script.page_error = Error{Code::kLayerCorrupt, "checksum", "", std::nullopt};
  const RequestId bad = h.arrive('A');
  const RequestId bad_too = h.arrive('A');
  h.run(10ms);
  h.script.page_error.reset();
  const RequestId good = h.arrive('B');
  h.run(200ms);
  EXPECT_EQ(h.refusal_of(bad), Code::kLayerCorrupt);
  EXPECT_EQ(h.refusal_of(bad_too), Code::kLayerCorrupt);
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
  heat(h, 'A');
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

// ------------------------------------------------------------------------------------------------ seats, bytes, eviction
TEST(PoolCore, the_victim_is_killed_and_the_newcomer_started_at_once) {
  Harness h(knobs_with(1));
  heat(h, 'B');
  heat(h, 'A');
  h.actions.clear();
  (void)h.arrive('B');
  EXPECT_EQ(h.count("Kill 2"), 1);
  EXPECT_EQ(h.count("SpawnWorker 3"), 1) << "a dying worker does not hold its place";
}

TEST(PoolCore, bytes_of_a_dying_worker_count_until_it_is_gone) {
  Knobs k = knobs_with(3);
  k.hot_bytes = 300;
  Harness h(k);
  heat(h, 'A');
  heat(h, 'B');
  h.actions.clear();
  const RequestId r = h.arrive('C');
  EXPECT_EQ(h.count("Kill 1"), 1);
  EXPECT_EQ(h.count("BuildPage"), 0);
  h.run(10ms);
  EXPECT_EQ(h.count("BuildPage"), 1);
  h.run(200ms);
  EXPECT_EQ(h.tier_of(r), Tier::kCold);
}

TEST(PoolCore, a_genome_bigger_than_the_pool_is_refused) {
  Knobs k = knobs_with(3);
  k.hot_bytes = 149;
  Harness h(k);
  const RequestId r = h.arrive('A');
  EXPECT_EQ(h.refusal_of(r), Code::kTooLarge);
  EXPECT_NE(h.asked.at(r).refusal->message.find("pool.hot_bytes is 149"), std::string::npos);
  EXPECT_EQ(h.done(h.bring('A', Goal::kHot)), false);
  EXPECT_TRUE(h.pool.snapshot().genomes.empty());
}

TEST(PoolCore, pinned_and_busy_workers_are_not_evicted) {
  Harness h(knobs_with(2));
  heat(h, 'A');
  h.pin('A');
  (void)occupy(h, 'B');
  const RequestId r = h.arrive('C', 1s);
  h.run(1s);
  EXPECT_EQ(h.refusal_of(r), Code::kDeadlineExceeded);
  EXPECT_TRUE(h.kills.empty());
}

TEST(PoolCore, when_all_is_pinned_the_refusal_says_so) {
  Harness h(knobs_with(1));
  heat(h, 'A');
  h.pin('A');
  const RequestId r = h.arrive('B', 1s);
  h.run(1s);
  EXPECT_NE(h.asked.at(r).refusal->message.find("pinned"), std::string::npos);
  EXPECT_NE(h.asked.at(r).refusal->message.find("waited 1000 ms"), std::string::npos);
}

TEST(PoolCore, what_pins_shut_out_holds_up_nobody_else) {
  Knobs k = knobs_with(3);
  k.hot_bytes = 450;
  Harness h(k);
  h.specs['X'] = {test_digest('G', 'X'), 300, {{test_digest('L', 'X'), 30}}};
  heat(h, 'A');
  h.pin('A');
  (void)occupy(h, 'B');
  h.run(3s);
  const RequestId big = h.arrive('X');
  EXPECT_FALSE(h.status('B').is_yielding) << "no yield would be enough";
  const RequestId small = h.arrive('C');
  h.run(200ms);
  EXPECT_EQ(h.tier_of(small), Tier::kCold);
  EXPECT_FALSE(h.tier_of(big));
  h.pin('A', false);
  EXPECT_TRUE(h.status('B').is_yielding);
}

TEST(PoolCore, a_request_released_with_keep_hot_false_demotes_when_idle) {
  Harness h;
  const RequestId first = occupy(h, 'A');
  const RequestId second = h.arrive('A');
  h.release(first, false);
  EXPECT_TRUE(h.kills.empty()) << "the other still runs";
  h.release(second);
  EXPECT_THAT(h.kills, ElementsAre(KillReason::kReleased));
  h.run(1s);
  EXPECT_EQ(h.status('A').tier, Tier::kWarm);
}

TEST(PoolCore, an_idle_worker_leaves_after_its_ttl_unless_pinned) {
  Knobs k = knobs_with(3);
  k.idle_ttl = 60s;
  Harness h(k);
  heat(h, 'A');
  heat(h, 'B');
  h.pin('B');
  h.run(50s);
  EXPECT_EQ(h.status('A').tier, Tier::kHot);
  h.run(20s);
  EXPECT_EQ(h.status('A').tier, Tier::kWarm);
  EXPECT_EQ(h.status('B').tier, Tier::kHot);
  EXPECT_LE(h.ticks, 3u);
  h.pin('B', false);
  EXPECT_THAT(h.kills, ElementsAre(KillReason::kIdleTtl, KillReason::kIdleTtl));
}

TEST(PoolCore, a_request_at_the_very_end_of_the_ttl_is_still_a_hot_hit) {
  Knobs k = knobs_with(3);
  k.idle_ttl = 60s;
  Harness h(k);
  heat(h, 'A');
  h.now += 60s;  // its Tick is late
  const RequestId r = h.arrive('A');
  h.run(1s);
  EXPECT_EQ(h.tier_of(r), Tier::kHot);
}

// ------------------------------------------------------------------------------------------------ bounds on waiting
TEST(PoolCore, a_full_queue_refuses_with_the_time_of_a_page_in) {
  Knobs k = knobs_with(1);
  k.queue = 2;
  Harness h(k);
  h.script.build = 7s;
  (void)h.arrive('A');
  (void)h.arrive('A');
  const RequestId first = h.arrive('B');
  EXPECT_EQ(h.refusal_of(first), Code::kQueueFull);
  EXPECT_EQ(h.asked.at(first).refusal->retry_after, 1s) << "nothing measured yet";
  h.run(10s);
  (void)h.arrive('B');
  (void)h.arrive('B');
  const RequestId second = h.arrive('B');
  EXPECT_EQ(h.asked.at(second).refusal->retry_after, 7005ms);
  EXPECT_EQ(h.pool.snapshot().waiting, 2u);
}

TEST(PoolCore, a_full_queue_does_not_hinder_a_grant_at_once) {
  Knobs k = knobs_with(1);
  k.queue = 1;
  Harness h(k);
  (void)occupy(h, 'A');
  (void)h.arrive('B');
  EXPECT_EQ(h.tier_of(h.arrive('A')), Tier::kHot);
}

TEST(PoolCore, a_deadline_ends_a_wait_with_its_reason) {
  struct Case {
    const char* why;
    std::function<void(Harness&)> before;
  };
  const Case cases[] = {
      {"its page was being built", [](Harness& h) { h.script.build = 10s; }},
      {"its worker was starting", [](Harness& h) { h.script.spawn = 10s; }},
      {"the base could not start workers", [](Harness& h) { h.send(BaseState{false, false}); h.run(1s); }},
      {"all HOT places were taken", [](Harness& h) { (void)occupy(h, 'B'); }},
  };
  for (const Case& c : cases) {
    Harness h(knobs_with(1));
    c.before(h);
    const RequestId r = h.arrive('A', 2s);
    h.run(2s);
    ASSERT_EQ(h.refusal_of(r), Code::kDeadlineExceeded) << c.why;
    EXPECT_NE(h.asked.at(r).refusal->message.find(c.why), std::string::npos) << h.asked.at(r).refusal->message;
  }
}

TEST(PoolCore, a_request_that_comes_too_late_is_refused_at_once) {
  Harness h;
  EXPECT_EQ(h.refusal_of(h.arrive('A', 0s)), Code::kDeadlineExceeded);
  EXPECT_EQ(h.count("BuildPage"), 0);
}

TEST(PoolCore, a_cancelled_wait_ends_silently_and_a_cancelled_run_on_its_worker) {
  Harness h(knobs_with(1));
  const RequestId running = occupy(h, 'A');
  const RequestId waiting = h.arrive('B');
  h.cancel(waiting);
  h.run(1s);
  EXPECT_EQ(h.count("Refuse"), 0);
  h.cancel(running);
  h.cancel(running);
  EXPECT_EQ(h.count("CancelOnWorker"), 1);
  EXPECT_FALSE(h.is_ended(running)) << "until its Release";
  h.run(10ms);
  EXPECT_TRUE(h.is_ended(running));
}

// ------------------------------------------------------------------------------------------------ base, drain, knobs
TEST(PoolCore, a_base_that_cannot_spawn_makes_assemblies_wait) {
  Harness h(knobs_with(2));
  heat(h, 'A');
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
  heat(h, 'A');
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
  heat(h, 'B');
  const RequestId running = occupy(h, 'A');
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
  heat(h, 'A');
  const RequestId b = occupy(h, 'B');
  const RequestId c = occupy(h, 'C');
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
  for (const char genome : std::string("ABC")) heat(h, genome);
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
  heat(h, 'A');
  const RequestId r = h.arrive('B');  // waits for A's bytes
  h.knobs([](Knobs& changed) { changed.hot_bytes = 140; });
  EXPECT_EQ(h.refusal_of(r), Code::kTooLarge);
  h.knobs([](Knobs& changed) { changed.hot_bytes = 170; });
  const RequestId again = h.arrive('B');
  h.run(200ms);
  EXPECT_EQ(h.tier_of(again), Tier::kCold);
}

// ------------------------------------------------------------------------------------------------ WARM
TEST(PoolCore, layers_are_dropped_before_pages) {
  Knobs k = knobs_with(3);
  k.warm_bytes = 230;
  Harness h(k);
  for (const char genome : std::string("ABC")) EXPECT_TRUE((h.bring(genome, Goal::kWarm), true));
  h.run(1s);
  const PoolSnapshot s = h.pool.snapshot();
  EXPECT_EQ(s.warm_page_bytes, 200u);
  EXPECT_LE(s.layer_bytes, 30u);
  EXPECT_EQ(h.status('A').tier, Tier::kCold) << "the oldest wish";
}

TEST(PoolCore, warm_keeps_at_most_so_many_genomes) {
  Knobs k = knobs_with(1);
  k.warm_max_genomes = 2;
  Harness h(k);
  for (const char genome : std::string("ABCD")) heat(h, genome);
  h.run(1s);
  EXPECT_EQ(h.pool.snapshot().warm, 2u);
  EXPECT_EQ(h.status('A').tier, Tier::kCold);
  EXPECT_GT(h.pool.snapshot().layer_bytes, 0u) << "no layer need go for a count of pages";
}

TEST(PoolCore, a_demoted_page_that_cannot_fit_is_dropped_alone) {
  Knobs k = knobs_with(1);
  k.warm_bytes = 150;
  Harness h(k);
  h.specs['X'] = {test_digest('G', 'X'), 400, {{test_digest('L', 'X'), 30}}};
  heat(h, 'A');
  heat(h, 'X');
  EXPECT_EQ(h.status('A').tier, Tier::kWarm);
  h.run(1s);
  ASSERT_TRUE(h.demote('X') != 0);
  h.run(1s);
  EXPECT_EQ(h.status('X').tier, Tier::kCold);
  EXPECT_EQ(h.status('A').tier, Tier::kWarm);
}

TEST(PoolCore, a_layer_that_a_build_reads_from_ram_is_not_dropped) {
  Harness h;
  heat(h, 'A');
  (void)h.arrive('B');  // reads its own layer, has the shared one
  h.knobs([](Knobs& k) { k.warm_bytes = 0; });
  EXPECT_EQ(h.pool.snapshot().layer_bytes, 20u);
  h.run(200ms);
  EXPECT_EQ(h.pool.snapshot().layer_bytes, 0u);
}

TEST(PoolCore, a_layer_that_is_gone_takes_its_warm_pages_along) {
  Harness h(knobs_with(1));
  heat(h, 'A');
  heat(h, 'B');
  h.layer_gone('A');
  EXPECT_EQ(h.status('A').tier, Tier::kCold);
  h.layer_gone('B');
  EXPECT_EQ(h.status('B').tier, Tier::kHot) << "it keeps running";
  heat(h, 'C');
  h.run(1s);
  EXPECT_EQ(h.status('B').tier, Tier::kCold) << "but its page is not kept";
}

TEST(PoolCore, a_page_built_from_a_layer_that_went_meanwhile_is_built_again) {
  Harness h;
  const RequestId r = h.arrive('A');
  h.run(10ms);
  h.layer_gone('A');
  h.run(50ms);
  EXPECT_EQ(h.count("DropPage"), 1);
  EXPECT_EQ(h.count("DropLayer"), 1);
  EXPECT_EQ(h.count("BuildPage"), 2);
  h.run(200ms);
  EXPECT_EQ(h.tier_of(r), Tier::kCold);
}

TEST(PoolCore, a_layer_read_anew_survives_the_end_of_an_older_build) {
  Harness h;
  h.script.build = 100ms;
  (void)h.arrive('A');
  h.run(10ms);
  h.layer_gone('*');  // and put back at once: B reads it anew, and faster
  h.script.build = 20ms;
  (void)h.arrive('B');
  h.run(50ms);
  EXPECT_EQ(h.count("DropLayer"), 0);
  h.run(60ms);
  EXPECT_EQ(h.count("DropLayer"), 0);
  h.run(100ms);
  EXPECT_EQ(h.pool.snapshot().layer_bytes, 80u);
}

// ------------------------------------------------------------------------------------------------ commands and pins
TEST(PoolCore, preload_brings_to_warm_and_load_to_hot) {
  Harness h;
  const CommandId warm = h.bring('A', Goal::kWarm);
  h.run(1s);
  EXPECT_EQ(h.done(warm), true);
  EXPECT_EQ(h.status('A').tier, Tier::kWarm);
  const CommandId hot = h.bring('A', Goal::kHot);
  h.run(1s);
  EXPECT_EQ(h.done(hot), true);
  EXPECT_EQ(h.status('A').tier, Tier::kHot);
  EXPECT_EQ(h.count("BuildPage"), 1);
  EXPECT_EQ(h.done(h.bring('A', Goal::kWarm)), true) << "true already: nothing is demoted";
  EXPECT_EQ(h.done(h.bring('A', Goal::kHot)), true);
  EXPECT_EQ(h.status('A').tier, Tier::kHot);
}

TEST(PoolCore, a_preload_is_not_the_first_to_go_though_it_was_never_used) {
  Knobs k = knobs_with(1);
  k.warm_max_genomes = 2;
  Harness h(k);
  for (const char genome : std::string("ABC")) heat(h, genome);
  h.run(1s);
  (void)h.bring('Z', Goal::kWarm);
  h.run(1s);
  heat(h, 'D');
  h.run(1s);
  EXPECT_EQ(h.status('Z').tier, Tier::kWarm);
  EXPECT_EQ(h.status('C').tier, Tier::kWarm);
}

TEST(PoolCore, a_wish_that_holds_already_is_done_although_the_queue_is_full) {
  Knobs k = knobs_with(1);
  k.queue = 1;
  Harness h(k);
  (void)occupy(h, 'A');
  (void)h.arrive('B');
  EXPECT_EQ(h.done(h.bring('A', Goal::kHot)), true);
  EXPECT_EQ(h.done(h.bring('C', Goal::kWarm)), false);
}

TEST(PoolCore, a_request_joins_a_preload_in_flight) {
  Harness h;
  (void)h.bring('A', Goal::kWarm);
  h.run(10ms);
  const RequestId r = h.arrive('A');
  h.run(200ms);
  EXPECT_EQ(h.count("BuildPage"), 1);
  EXPECT_EQ(h.tier_of(r), Tier::kCold);
}

TEST(PoolCore, load_takes_an_idle_place_and_waits_for_a_busy_one) {
  Harness h(knobs_with(1));
  heat(h, 'A');
  const CommandId b = h.bring('B', Goal::kHot);
  h.run(1s);
  EXPECT_EQ(h.done(b), true);
  (void)occupy(h, 'B');
  const CommandId c = h.bring('C', Goal::kHot, 5s);
  h.run(6s);
  EXPECT_EQ(h.done(c), false);
  EXPECT_EQ(h.commands.at(c)->error.code, Code::kDeadlineExceeded);
}

TEST(PoolCore, a_preload_that_cannot_fit_or_fails_says_so) {
  Harness h;
  h.specs['X'] = {test_digest('G', 'X'), 1001, {{test_digest('L', 'X'), 30}}};
  EXPECT_EQ(h.done(h.bring('X', Goal::kWarm)), false);
  h.script.page_error = Error{Code::kLayerNotFound, "gone", "", std::nullopt};
  const CommandId failed = h.bring('A', Goal::kWarm);
  h.run(1s);
  EXPECT_EQ(h.commands.at(failed)->error.code, Code::kLayerNotFound);
}

TEST(PoolCore, preloads_wait_for_one_another_when_warm_cannot_hold_all) {
  Knobs k = knobs_with(1);
  k.warm_bytes = 250;
  Harness h(k);
  for (const char genome : std::string("ABCD")) (void)h.bring(genome, Goal::kWarm);
  EXPECT_EQ(h.count("BuildPage"), 2);
  h.run(1s);
  EXPECT_EQ(h.count("BuildPage"), 4);
  EXPECT_TRUE(h.is_quiet());
}

TEST(PoolCore, demote_drains_a_busy_worker_first) {
  Harness h;
  const RequestId running = occupy(h, 'A');
  const CommandId command = h.demote('A');
  const RequestId newcomer = h.arrive('A');
  EXPECT_FALSE(h.tier_of(newcomer)) << "it grants nothing new";
  h.run(1s);
  EXPECT_FALSE(h.done(command));
  h.release(running);
  EXPECT_THAT(h.kills, ElementsAre(KillReason::kDemoted));
  h.run(100ms);
  EXPECT_EQ(h.done(command), true);
  EXPECT_EQ(h.tier_of(newcomer), Tier::kWarm);
  EXPECT_EQ(h.done(h.demote('Z')), true) << "not HOT: true already";
}

TEST(PoolCore, an_evict_during_an_assembly_lets_those_who_wait_be_served_first) {
  Harness h;
  const RequestId r = h.arrive('A');
  h.run(10ms);
  const CommandId command = h.bring('A', Goal::kCold);
  h.run(1s);
  EXPECT_EQ(h.tier_of(r), Tier::kCold);
  EXPECT_EQ(h.done(command), true);
  EXPECT_TRUE(h.pool.snapshot().genomes.empty());
}

TEST(PoolCore, evict_to_cold_drops_the_page_too) {
  Harness h;
  heat(h, 'A');
  const CommandId command = h.bring('A', Goal::kCold);
  h.run(1s);
  EXPECT_EQ(h.done(command), true);
  EXPECT_EQ(h.count("DropPage"), 1);
}

TEST(PoolCore, an_evict_that_misses_its_deadline_gives_the_worker_back) {
  Harness h;
  (void)occupy(h, 'A');
  const CommandId command = h.bring('A', Goal::kCold, 1s);
  const RequestId newcomer = h.arrive('A');
  h.run(1s);
  EXPECT_EQ(h.done(command), false);
  EXPECT_EQ(h.tier_of(newcomer), Tier::kHot);
}

TEST(PoolCore, what_is_pinned_is_not_evicted_by_command) {
  Harness h;
  (void)occupy(h, 'A');
  const CommandId before = h.demote('A');
  h.pin('A');
  EXPECT_EQ(h.done(before), false);
  EXPECT_EQ(h.done(h.demote('A')), false);
  EXPECT_EQ(h.done(h.bring('A', Goal::kCold)), false);
}

TEST(PoolCore, a_pin_brings_nothing_in) {
  Harness h;
  h.pin('A');
  h.run(1s);
  EXPECT_EQ(h.status('A').tier, Tier::kCold);
  EXPECT_TRUE(h.status('A').is_pinned);
  h.pin('A', false);
  EXPECT_TRUE(h.pool.snapshot().genomes.empty());
}

TEST(PoolCore, pinned_warm_pages_are_the_last_to_go) {
  Knobs k = knobs_with(1);
  k.warm_max_genomes = 2;
  Harness h(k);
  h.pin('A');
  for (const char genome : std::string("ABCD")) {
    (void)h.bring(genome, Goal::kWarm);
    h.run(1s);
  }
  EXPECT_EQ(h.status('A').tier, Tier::kWarm);
  EXPECT_EQ(h.status('D').tier, Tier::kWarm);
  EXPECT_EQ(h.pool.snapshot().warm, 2u);
}

// ------------------------------------------------------------------------------------------------ what comes late
TEST(PoolCore, events_about_the_unknown_are_ignored) {
  Harness h;
  heat(h, 'A');
  const std::string before = h.actions;
  for (const Event& event : std::vector<Event>{
           Cancel{99}, FirstToken{99}, Release{99, false}, WorkerReady{99}, WorkerFailed{99, {}}, WorkerGone{99},
           WorkerAlive{99}, ProbeAnswered{99}, PageBuilt{test_digest('G', 'Z'), 5, {}}, PageFailed{test_digest('G', 'Z'), {}},
           LayerGone{test_digest('L', 'Z')}, Tick{}, WorkerReady{1}, ProbeAnswered{1}, WorkerAlive{1}, WorkerFailed{1, {}},
           PageBuilt{test_digest('G', 'A'), 5, {}}, PageFailed{test_digest('G', 'A'), {}}, BaseState{true, false}}) {
    h.send(event);
  }
  EXPECT_EQ(h.actions, before);
}

TEST(PoolCore, answers_of_a_killed_worker_are_ignored) {
  Harness h;
  heat(h, 'A');
  (void)h.demote('A');
  const std::string before = h.actions;
  for (const Event& event : std::vector<Event>{WorkerReady{1}, ProbeAnswered{1}, WorkerAlive{1}, WorkerFailed{1, {}}}) h.send(event);
  EXPECT_EQ(h.actions, before);
  h.die(1);
  h.send(WorkerGone{1});
  EXPECT_EQ(h.status('A').tier, Tier::kWarm);
}

TEST(PoolCore, a_cold_genome_is_forgotten) {
  Harness h;
  for (int i = 0; i < 60; ++i) heat(h, static_cast<char>('A' + i));
  EXPECT_LE(h.pool.snapshot().genomes.size(), 3u + 20u + 1u);
}

}  // namespace
}  // namespace genepool

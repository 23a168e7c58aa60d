// Tiers, joining, the health check before a HOT grant, and the bounds on waiting.
// In virtual time; a page has 100 bytes, KV 50, hot_bytes 1500, warm_bytes 1000 (pool_harness.h).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pool/pool_harness.h"

namespace genepool {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

TEST(PoolCore, cold_then_hot_then_warm) {
  Harness h(knobs_with(1));
  const RequestId cold = h.arrive('A');
  h.run(200ms);
  const RequestId hot = h.arrive('A');
  h.run(200ms);
  h.heat('B');
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
  h.heat('A');
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
  h.heat('B');
  h.heat('A');
  const RequestId busy = h.occupy('A');
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

TEST(PoolCore, an_idle_worker_is_probed_before_it_is_granted) {
  Harness h;
  h.heat('A');
  const RequestId r = h.arrive('A');
  EXPECT_EQ(h.count("ProbeWorker"), 1);
  EXPECT_FALSE(h.tier_of(r));
  h.run(1ms);
  EXPECT_EQ(h.tier_of(r), Tier::kHot);
}

TEST(PoolCore, a_busy_worker_is_granted_at_once_up_to_its_sequences) {
  Harness h;
  (void)h.occupy('A');
  for (int i = 0; i < 3; ++i) EXPECT_EQ(h.tier_of(h.arrive('A')), Tier::kHot);
  const RequestId fifth = h.arrive('A');
  EXPECT_FALSE(h.tier_of(fifth));
  EXPECT_EQ(h.count("ProbeWorker"), 0);
  h.release(1);
  EXPECT_EQ(h.tier_of(fifth), Tier::kHot);
}

TEST(PoolCore, an_idle_worker_that_does_not_answer_is_killed_and_replaced) {
  Harness h;
  h.heat('A');
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
  (void)h.occupy('A');
  h.now += 11s;  // its Tick is late
  const RequestId r = h.arrive('A');
  EXPECT_THAT(h.kills, ElementsAre(KillReason::kStuck));
  EXPECT_FALSE(h.tier_of(r));
  h.run(100ms);
  EXPECT_EQ(h.asked.at(r).worker, 2u);
}

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

// One place, two genomes that take turns, 100 ms an answer: the pool learns its pace and turns away who cannot make it.
TEST(PoolCore, who_could_only_wait_past_the_deadline_is_refused_at_once) {
  Harness h(knobs_with(1));
  h.knobs([](Knobs& k) { k.sequences = 1; });
  for (int i = 0; i < 40; ++i) (void)h.arrive(i % 2 == 0 ? 'A' : 'B');
  h.run(3s);
  const RequestId patient = h.arrive('C'), hasty = h.arrive('D', 50ms);
  EXPECT_EQ(h.asked.at(hasty).refusal->code, Code::kQueueFull);
  EXPECT_THAT(h.asked.at(hasty).refusal->message, testing::HasSubstr("at this pace"));
  EXPECT_TRUE(h.asked.at(hasty).refusal->retry_after);
  h.run_until_quiet();
  EXPECT_EQ(h.tier_of(patient), Tier::kCold);
}

TEST(PoolCore, nobody_is_turned_away_before_the_pace_is_known) {
  Harness h(knobs_with(1));
  const RequestId first = h.arrive('A'), hasty = h.arrive('B', 300ms);
  h.run(1s);
  EXPECT_EQ(h.tier_of(first), Tier::kCold);
  EXPECT_EQ(h.tier_of(hasty), Tier::kCold);
}

TEST(PoolCore, a_full_queue_does_not_hinder_a_grant_at_once) {
  Knobs k = knobs_with(1);
  k.queue = 1;
  Harness h(k);
  (void)h.occupy('A');
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
      {"all HOT places were taken", [](Harness& h) { (void)h.occupy('B'); }},
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
  const RequestId running = h.occupy('A');
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

}  // namespace
}  // namespace genepool

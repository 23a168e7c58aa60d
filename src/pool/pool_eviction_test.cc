// Seats, bytes and victims.
// In virtual time; a page has 100 bytes, KV 50, hot_bytes 1500, warm_bytes 1000 (pool_harness.h).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pool/pool_harness.h"

namespace genepool {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

TEST(PoolCore, the_victim_is_killed_and_the_newcomer_started_at_once) {
  Harness h(knobs_with(1));
  h.heat('B');
  h.heat('A');
  h.actions.clear();
  (void)h.arrive('B');
  EXPECT_EQ(h.count("Kill 2"), 1);
  EXPECT_EQ(h.count("SpawnWorker 3"), 1) << "a dying worker does not hold its place";
}

TEST(PoolCore, bytes_of_a_dying_worker_count_until_it_is_gone) {
  Knobs k = knobs_with(3);
  k.hot_bytes = 300;
  Harness h(k);
  h.heat('A');
  h.heat('B');
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
  h.heat('A');
  h.pin('A');
  (void)h.occupy('B');
  const RequestId r = h.arrive('C', 1s);
  h.run(1s);
  EXPECT_EQ(h.refusal_of(r), Code::kDeadlineExceeded);
  EXPECT_TRUE(h.kills.empty());
}

TEST(PoolCore, when_all_is_pinned_the_refusal_says_so) {
  Harness h(knobs_with(1));
  h.heat('A');
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
  h.heat('A');
  h.pin('A');
  (void)h.occupy('B');
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
  const RequestId first = h.occupy('A');
  const RequestId second = h.arrive('A');
  h.release(first, false);
  EXPECT_TRUE(h.kills.empty()) << "the other still runs";
  h.release(second);
  EXPECT_THAT(h.kills, ElementsAre(KillReason::kReleased));
  h.run(1s);
  EXPECT_EQ(h.status('A').tier, Tier::kWarm);
}

// 150 bytes; a spawn takes 5 ms: at a price of 1e6 s of load for a GB-second it is kept for 0.005 / (150e-9 * 1e6) = 0.033 s,
// which is less than the least; at 200 for 167 s.
TEST(PoolCore, an_idle_genome_stays_until_it_has_cost_its_load_time) {
  Knobs k = knobs_with(3);
  k.idle_gb_second = 200;
  Harness h(k);
  h.heat('A');
  h.heat('A');  // its page is WARM now, so that a spawn is what it costs
  h.run(160s);
  EXPECT_EQ(h.status('A').tier, Tier::kHot);
  h.run(10s);
  EXPECT_EQ(h.status('A').tier, Tier::kWarm);
  EXPECT_EQ(h.kills, std::vector{KillReason::kIdleTtl});
  h.knobs([](Knobs& knobs) { knobs.idle_gb_second = 1e6; });
  h.heat('A');
  h.run(61s);
  EXPECT_EQ(h.status('A').tier, Tier::kWarm) << "a minute is the least";
}

TEST(PoolCore, an_idle_worker_leaves_after_its_ttl_unless_pinned) {
  Knobs k = knobs_with(3);
  k.idle_ttl = 60s;
  Harness h(k);
  h.heat('A');
  h.heat('B');
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
  h.heat('A');
  h.now += 60s;  // its Tick is late
  const RequestId r = h.arrive('A');
  h.run(1s);
  EXPECT_EQ(h.tier_of(r), Tier::kHot);
}

}  // namespace
}  // namespace genepool

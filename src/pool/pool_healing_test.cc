// Workers that grow beyond what they are charged for are replaced, and nobody notices.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pool/pool_harness.h"

namespace genepool {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::uint64_t kCharged = 150;  // page 100 and KV 50

Harness harness_of(std::uint64_t growth) {
  Knobs k = test_knobs();
  k.worker_growth = growth;
  return Harness(k);
}

void measure(Harness& h, char genome, std::uint64_t own_bytes) { h.send(WorkerMeasured{h.worker_of(genome).value(), own_bytes}); }

TEST(PoolHealing, an_idle_worker_beyond_its_bound_is_killed_and_the_next_request_gets_another) {
  Harness h = harness_of(70);
  h.heat('A');
  measure(h, 'A', kCharged + 70);
  EXPECT_THAT(h.kills, IsEmpty());
  measure(h, 'A', kCharged + 71);
  EXPECT_THAT(h.kills, ElementsAre(KillReason::kLeaking));
  h.run(100ms);
  EXPECT_EQ(h.status('A').tier, Tier::kWarm);
  const RequestId next = h.arrive('A');
  h.run(200ms);
  EXPECT_EQ(h.tier_of(next), Tier::kWarm);
  EXPECT_EQ(h.asked.at(next).worker, 2u);
  EXPECT_TRUE(replay(h.log));
}

TEST(PoolHealing, a_busy_one_takes_nothing_new_and_goes_when_its_requests_have_ended) {
  Harness h = harness_of(70);
  const RequestId running = h.occupy('A');
  measure(h, 'A', 1000);
  const RequestId next = h.arrive('A');
  h.run(1s);
  EXPECT_THAT(h.kills, IsEmpty());
  EXPECT_FALSE(h.tier_of(next)) << "the leaking worker had a free sequence";
  h.release(running);
  h.run(100ms);
  EXPECT_THAT(h.kills, ElementsAre(KillReason::kLeaking));
  EXPECT_FALSE(h.refusal_of(running));
  EXPECT_EQ(h.asked.at(next).worker, 2u);
  EXPECT_EQ(h.tier_of(next), Tier::kWarm);
}

TEST(PoolHealing, one_that_was_just_asked_how_it_is_goes_before_it_is_granted) {
  Harness h = harness_of(70);
  h.heat('A');
  const RequestId r = h.arrive('A');  // ProbeWorker is out
  measure(h, 'A', 1000);
  h.run(200ms);
  EXPECT_EQ(h.asked.at(r).worker, 2u);
  EXPECT_EQ(h.asked.at(r).grants, 1);
}

TEST(PoolHealing, a_pin_does_not_keep_a_leak) {
  Harness h = harness_of(70);
  h.pin('A');
  h.heat('A');
  measure(h, 'A', 1000);
  EXPECT_THAT(h.kills, ElementsAre(KillReason::kLeaking));
  h.heat('A');
  EXPECT_TRUE(h.status('A').is_pinned);
}

TEST(PoolHealing, zero_means_never) {
  Harness h = harness_of(0);
  h.heat('A');
  measure(h, 'A', std::uint64_t{1} << 50);
  EXPECT_THAT(h.kills, IsEmpty());
}

TEST(PoolHealing, who_leaks_at_once_again_is_replaced_less_and_less_often_and_never_kept_out) {
  Knobs k = test_knobs();
  k.worker_growth = 70;
  k.warm_max_genomes = 0;  // between two workers nothing of the genome stays in RAM
  Harness h(k);
  for (int i = 0; i < 12 * 20; ++i) {  // 20 min, measured every 5 s
    h.heat('A');
    measure(h, 'A', 1000);
    h.run(4800ms);
  }
  // At 0, 10, 30, 70, 150, 310, 610 and 910 s.
  EXPECT_EQ(h.kills.size(), 8u);
  EXPECT_THAT(h.breaker_changes, IsEmpty());
}

TEST(PoolHealing, one_genome_cannot_fill_the_queue_of_all) {
  Knobs k = knobs_with(1);
  k.sequences = 1;
  k.queue = 5;
  k.genome_queue = 3;
  Harness h(k);
  const RequestId running = h.occupy('A');
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(h.refusal_of(h.arrive('A')));
  const RequestId flood = h.arrive('A');
  EXPECT_EQ(h.refusal_of(flood), Code::kQueueFull);
  EXPECT_THAT(h.asked.at(flood).refusal->message, testing::HasSubstr("3 requests wait for this genome already (pool.genome_queue)"));
  EXPECT_EQ(h.asked.at(flood).refusal->retry_after, 1s);
  EXPECT_FALSE(h.refusal_of(h.arrive('B')));
  EXPECT_FALSE(h.refusal_of(h.arrive('C')));
  const RequestId sixth = h.arrive('D');
  EXPECT_EQ(h.refusal_of(sixth), Code::kQueueFull);
  EXPECT_THAT(h.asked.at(sixth).refusal->message, testing::HasSubstr("(pool.queue)"));
  h.knobs([](Knobs& knobs) { knobs.queue = 100, knobs.genome_queue = 0; });
  EXPECT_FALSE(h.refusal_of(h.arrive('A')));
  h.release(running);
}

}  // namespace
}  // namespace genepool

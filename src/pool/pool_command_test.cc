// Preload, load, evict, pin.
// In virtual time; a page has 100 bytes, KV 50, hot_bytes 1500, warm_bytes 1000 (pool_harness.h).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pool/pool_harness.h"

namespace genepool {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

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
  for (const char genome : std::string("ABC")) h.heat(genome);
  h.run(1s);
  (void)h.bring('Z', Goal::kWarm);
  h.run(1s);
  h.heat('D');
  h.run(1s);
  EXPECT_EQ(h.status('Z').tier, Tier::kWarm);
  EXPECT_EQ(h.status('C').tier, Tier::kWarm);
}

TEST(PoolCore, a_wish_that_holds_already_is_done_although_the_queue_is_full) {
  Knobs k = knobs_with(1);
  k.queue = 1;
  Harness h(k);
  (void)h.occupy('A');
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
  h.heat('A');
  const CommandId b = h.bring('B', Goal::kHot);
  h.run(1s);
  EXPECT_EQ(h.done(b), true);
  (void)h.occupy('B');
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
  const RequestId running = h.occupy('A');
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
  h.heat('A');
  const CommandId command = h.bring('A', Goal::kCold);
  h.run(1s);
  EXPECT_EQ(h.done(command), true);
  EXPECT_EQ(h.count("DropPage"), 1);
}

TEST(PoolCore, an_evict_that_misses_its_deadline_gives_the_worker_back) {
  Harness h;
  (void)h.occupy('A');
  const CommandId command = h.bring('A', Goal::kCold, 1s);
  const RequestId newcomer = h.arrive('A');
  h.run(1s);
  EXPECT_EQ(h.done(command), false);
  EXPECT_EQ(h.tier_of(newcomer), Tier::kHot);
}

TEST(PoolCore, what_is_pinned_is_not_evicted_by_command) {
  Harness h;
  (void)h.occupy('A');
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

}  // namespace
}  // namespace genepool

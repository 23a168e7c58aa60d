// Look-ahead: pages of genomes that wait for a place.
// In virtual time; a build takes 50 ms, a spawn 5 ms; a page has 100 bytes, KV 50, warm_bytes 1000 (pool_harness.h).
#include <gtest/gtest.h>

#include "pool/pool_harness.h"

namespace genepool {
namespace {

using namespace std::chrono_literals;

TEST(PoolLookAhead, a_page_is_built_while_its_genome_waits_for_a_place) {
  Harness h(knobs_with(1));
  const RequestId holder = h.occupy('A');
  const RequestId waiting = h.arrive('B');
  h.run(1s);
  EXPECT_EQ(h.status('B').tier, Tier::kWarm);
  EXPECT_FALSE(h.asked.at(waiting).is_granted);
  h.release(holder);
  h.run(30ms);
  ASSERT_TRUE(h.asked.at(waiting).is_granted) << "only the spawn, and A's end, were to wait for";
  EXPECT_EQ(h.tier_of(waiting), Tier::kCold) << "it was COLD when it was asked for";
  EXPECT_EQ(h.count("BuildPage"), 2);
}

TEST(PoolLookAhead, one_that_gets_its_place_meanwhile_joins_the_build) {
  Harness h(knobs_with(1));
  const RequestId holder = h.occupy('A');
  const RequestId waiting = h.arrive('B');
  h.run(20ms);
  h.release(holder);
  h.run(45ms);
  EXPECT_TRUE(h.asked.at(waiting).is_granted);
  EXPECT_EQ(h.tier_of(waiting), Tier::kCold);
  EXPECT_EQ(h.count("BuildPage"), 2);
}

// What brings it in again is measured by all the work, whenever it was done.
TEST(PoolLookAhead, the_work_done_ahead_counts_as_load_time) {
  Harness h(knobs_with(1));
  const RequestId holder = h.occupy('A');
  (void)h.arrive('B');
  h.run(1s);
  h.release(holder);
  h.run(1s);
  EXPECT_EQ(h.count("BroughtIn 2 " + test_digest('G', 'B').hex() + " 0 55000000 5000000"), 1) << "build 50 ms, spawn 5 ms";
}

TEST(PoolLookAhead, it_builds_no_more_than_warm_can_hold_together) {
  Knobs k = knobs_with(1);
  k.warm_bytes = 250;
  Harness h(k);
  const RequestId holder = h.occupy('A');
  for (const char genome : std::string("BCD")) (void)h.arrive(genome);
  h.run(1s);
  EXPECT_EQ(h.status('B').tier, Tier::kWarm);
  EXPECT_EQ(h.status('C').tier, Tier::kWarm);
  EXPECT_EQ(h.status('D').tier, Tier::kCold);
  EXPECT_EQ(h.count("BuildPage"), 3) << "and nothing again and again";
  h.release(holder);
  h.run_until_quiet();
  EXPECT_EQ(h.count("BuildPage"), 4);
}

TEST(PoolLookAhead, a_page_whose_request_left_is_warm_for_the_next) {
  Harness h(knobs_with(1));
  const RequestId holder = h.occupy('A');
  h.cancel(h.arrive('B'));
  const RequestId gone = h.arrive('B');
  h.run(1s);
  h.cancel(gone);
  const RequestId next = h.arrive('B');
  h.release(holder);
  h.run(1s);
  EXPECT_EQ(h.tier_of(next), Tier::kWarm);
}

TEST(PoolLookAhead, who_cannot_be_loaded_hears_of_it_while_it_waits) {
  Harness h(knobs_with(1));
  const RequestId holder = h.occupy('A');
  h.script.page_error = Error{Code::kLayerCorrupt, "bad", "", std::nullopt};
  const RequestId waiting = h.arrive('B');
  h.run(1s);
  EXPECT_EQ(h.refusal_of(waiting), Code::kLayerCorrupt);
  h.release(holder);
  h.run_until_quiet();
}

}  // namespace
}  // namespace genepool

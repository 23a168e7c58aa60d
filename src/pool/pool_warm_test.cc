// WARM: pages and layers.
// In virtual time; a page has 100 bytes, KV 50, hot_bytes 1500, warm_bytes 1000 (pool_harness.h).
#include <gtest/gtest.h>

#include "pool/pool_harness.h"

namespace genepool {
namespace {

using namespace std::chrono_literals;

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
  for (const char genome : std::string("ABCD")) h.heat(genome);
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
  h.heat('A');
  h.heat('X');
  EXPECT_EQ(h.status('A').tier, Tier::kWarm);
  h.run(1s);
  ASSERT_TRUE(h.demote('X') != 0);
  h.run(1s);
  EXPECT_EQ(h.status('X').tier, Tier::kCold);
  EXPECT_EQ(h.status('A').tier, Tier::kWarm);
}

TEST(PoolCore, a_layer_that_a_build_reads_from_ram_is_not_dropped) {
  Harness h;
  h.heat('A');
  (void)h.arrive('B');  // reads its own layer, has the shared one
  h.knobs([](Knobs& k) { k.warm_bytes = 0; });
  EXPECT_EQ(h.pool.snapshot().layer_bytes, 20u);
  h.run(200ms);
  EXPECT_EQ(h.pool.snapshot().layer_bytes, 0u);
}

TEST(PoolCore, a_layer_that_is_gone_takes_its_warm_pages_along) {
  Harness h(knobs_with(1));
  h.heat('A');
  h.heat('B');
  h.layer_gone('A');
  EXPECT_EQ(h.status('A').tier, Tier::kCold);
  h.layer_gone('B');
  EXPECT_EQ(h.status('B').tier, Tier::kHot) << "it keeps running";
  h.heat('C');
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

}  // namespace
}  // namespace genepool

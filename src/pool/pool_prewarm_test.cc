// Guesses: what is brought in before anyone asks, and what is kept because someone is expected.
#include <gtest/gtest.h>

#include "pool/pool_harness.h"

namespace genepool {
namespace {

using namespace std::chrono_literals;

TEST(Prewarm, takes_a_free_place_and_its_first_request_is_a_hit) {
  Harness h(knobs_with(2));
  h.heat('A');
  const CommandId guess = h.prewarm('B', std::nullopt);
  EXPECT_FALSE(h.done(guess)) << "not before it is HOT";
  h.run(1s);
  EXPECT_EQ(h.done(guess), true);
  const RequestId r = h.arrive('B');
  h.run(1s);
  EXPECT_EQ(h.tier_of(r), Tier::kHot);
}

TEST(Prewarm, replaces_its_victim_and_nobody_else) {
  Harness h(knobs_with(2));
  h.heat('A');
  h.heat('B');
  EXPECT_EQ(h.done(h.prewarm('C', std::nullopt)), false);
  EXPECT_EQ(h.done(h.prewarm('C', 'C')), false);
  EXPECT_EQ(h.done(h.prewarm('C', 'D')), false) << "D is not there";
  EXPECT_TRUE(h.kills.empty());
  const CommandId guess = h.prewarm('C', 'B');
  h.run(1s);
  EXPECT_EQ(h.done(guess), true);
  EXPECT_EQ(h.status('A').tier, Tier::kHot);
  EXPECT_EQ(h.status('B').tier, Tier::kWarm);
}

TEST(Prewarm, never_takes_what_is_busy_pinned_or_wanted) {
  Harness h(knobs_with(1));
  const RequestId r = h.occupy('A');
  EXPECT_EQ(h.done(h.prewarm('B', 'A')), false);
  h.release(r);
  h.pin('A');
  EXPECT_EQ(h.done(h.prewarm('B', 'A')), false);
  h.pin('A', false);
  const RequestId waits = h.arrive('C');
  EXPECT_EQ(h.done(h.prewarm('B', 'C')), false) << "C has the place and is being brought in";
  h.run(1s);
  EXPECT_EQ(h.tier_of(waits), Tier::kCold);
}

TEST(Prewarm, of_what_is_hot_is_done_at_once) {
  Harness h(knobs_with(1));
  h.heat('A');
  EXPECT_EQ(h.done(h.prewarm('A', std::nullopt)), true);
}

TEST(Prewarm, who_has_come_is_expected_no_more) {
  Harness h(knobs_with(2));
  (void)h.prewarm('A', std::nullopt, 60s);
  h.run(1s);
  h.heat('A');
  h.run(1s);
  h.heat('B');
  h.run(1s);
  h.heat('C');
  EXPECT_EQ(h.status('A').tier, Tier::kWarm);
  EXPECT_EQ(h.status('B').tier, Tier::kHot);
}

TEST(Prewarm, keeps_the_expected_while_others_may_leave) {
  Harness h(knobs_with(2));
  h.heat('A');
  h.heat('B');
  (void)h.prewarm('A', std::nullopt, 30s);
  h.run(10s);
  h.heat('C');
  EXPECT_EQ(h.status('A').tier, Tier::kHot) << "expected, although B was used later";
  EXPECT_EQ(h.done(h.prewarm('D', 'A')), false) << "a guess does not replace one";
  h.run(30s);
  h.heat('D');
  EXPECT_EQ(h.status('A').tier, Tier::kWarm) << "nobody came in time";
}

// The last place is for who comes and goes, or a wrong guess would keep requests waiting.
TEST(Prewarm, the_expected_leave_before_a_request_waits) {
  Harness h(knobs_with(1));
  (void)h.prewarm('A', std::nullopt, 1h);
  h.run(1s);
  const RequestId r = h.arrive('B');
  h.run(1s);
  EXPECT_EQ(h.tier_of(r), Tier::kCold);
  EXPECT_EQ(h.status('A').tier, Tier::kWarm);
}

TEST(Prewarm, who_has_just_come_leaves_last) {
  Knobs k = knobs_with(2);
  k.min_residency = 10s;
  Harness h(k);
  h.heat('A');
  h.run(20s);
  h.heat('B');
  h.heat('A');  // used later than B, but B has just come
  h.heat('C');
  EXPECT_EQ(h.status('B').tier, Tier::kHot);
  EXPECT_EQ(h.status('A').tier, Tier::kWarm);
}

}  // namespace
}  // namespace genepool

#include "pool/thrash.h"

#include <gtest/gtest.h>

namespace genepool {
namespace {

using namespace std::chrono_literals;

TEST(Thrash, a_request_that_assembled_longer_than_it_inferred_is_told) {
  ThrashDetector t({});
  EXPECT_TRUE(t.on_request(300ms, 200ms, 1s));
  EXPECT_FALSE(t.on_request(200ms, 200ms, 1s));
  EXPECT_FALSE(t.on_request(0ms, 200ms, 1s));
}

TEST(Thrash, hot_hits_are_not_assemblies) {
  ThrashDetector t({});
  (void)t.on_request(100ms, 100ms, 1s);
  (void)t.on_request(0ms, 300ms, 1s);
  EXPECT_FALSE(t.update(1s));
  EXPECT_EQ(t.state().assemblies, 1u);
  EXPECT_EQ(t.state().inferences, 2u);
  EXPECT_DOUBLE_EQ(t.state().mean_assembly_ms, 100);
  EXPECT_DOUBLE_EQ(t.state().mean_inference_ms, 200);
  EXPECT_DOUBLE_EQ(t.state().ratio, 0.5);
}

TEST(Thrash, too_few_assemblies_raise_no_alarm) {
  ThrashDetector t({});
  for (int i = 0; i < 2; ++i) (void)t.on_request(900ms, 100ms, 1s);
  EXPECT_FALSE(t.update(1s));
  (void)t.on_request(900ms, 100ms, 1s);
  EXPECT_EQ(t.update(1s), true);
  EXPECT_FALSE(t.update(1s)) << "told once";
  EXPECT_TRUE(t.state().is_thrashing);
}

TEST(Thrash, the_alarm_falls_after_calm_and_does_not_flap) {
  ThrashDetector t({});
  for (int i = 0; i < 4; ++i) (void)t.on_request(900ms, 1000ms, 1s);
  ASSERT_EQ(t.update(1s), true);
  EXPECT_FALSE(t.update(62s)) << "the window is empty: calm begins";
  EXPECT_FALSE(t.update(71s));
  (void)t.on_request(900ms, 1000ms, 71s);
  EXPECT_FALSE(t.update(71s)) << "noise starts the calm anew";
  EXPECT_FALSE(t.update(132s));
  EXPECT_TRUE(t.state().is_thrashing);
  EXPECT_EQ(t.update(142s), false);
  EXPECT_FALSE(t.state().is_thrashing);
}

TEST(Thrash, between_the_two_thresholds_nothing_changes) {
  ThrashDetector t({});
  for (int i = 0; i < 4; ++i) (void)t.on_request(900ms, 1000ms, 1s);
  ASSERT_EQ(t.update(1s), true);
  for (int i = 0; i < 4; ++i) (void)t.on_request(450ms, 1000ms, 61s + 1ms);
  for (Instant at = 62s; at < 100s; at += 1s) EXPECT_FALSE(t.update(at)) << "0.45 is not below 0.8 x 0.5";
}

TEST(Thrash, memory_is_bounded) {
  ThrashDetector t({.max_samples = 8});
  for (int i = 0; i < 100; ++i) (void)t.on_request(1ms, 1ms, 1s);
  (void)t.update(1s);
  EXPECT_EQ(t.state().assemblies, 8u);
  EXPECT_EQ(t.state().inferences, 8u);
}

}  // namespace
}  // namespace genepool

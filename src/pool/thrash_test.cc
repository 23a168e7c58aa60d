#include "pool/thrash.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace genepool {
namespace {

using namespace std::chrono_literals;

bool request(ThrashDetector& t, Duration assembly, Duration inference, Instant now) {
  return t.on_request("g", {.load = assembly}, inference, now);
}

TEST(Thrash, a_request_that_assembled_longer_than_it_inferred_is_told) {
  ThrashDetector t({});
  EXPECT_TRUE(request(t, 300ms, 200ms, 1s));
  EXPECT_FALSE(request(t, 200ms, 200ms, 1s));
  EXPECT_FALSE(request(t, 0ms, 200ms, 1s));
}

TEST(Thrash, hot_hits_are_not_assemblies) {
  ThrashDetector t({});
  (void)request(t, 100ms, 100ms, 1s);
  (void)request(t, 0ms, 300ms, 1s);
  EXPECT_FALSE(t.update(1s));
  EXPECT_EQ(t.state().assemblies, 1u);
  EXPECT_EQ(t.state().inferences, 2u);
  EXPECT_DOUBLE_EQ(t.state().mean_assembly_ms, 100);
  EXPECT_DOUBLE_EQ(t.state().mean_inference_ms, 200);
  EXPECT_DOUBLE_EQ(t.state().ratio, 0.5);
}

TEST(Thrash, too_few_assemblies_raise_no_alarm) {
  ThrashDetector t({});
  for (int i = 0; i < 2; ++i) (void)request(t, 900ms, 100ms, 1s);
  EXPECT_FALSE(t.update(1s));
  (void)request(t, 900ms, 100ms, 1s);
  EXPECT_EQ(t.update(1s), true);
  EXPECT_FALSE(t.update(1s)) << "told once";
  EXPECT_TRUE(t.state().is_thrashing);
}

TEST(Thrash, the_alarm_falls_after_calm_and_does_not_flap) {
  ThrashDetector t({});
  for (int i = 0; i < 4; ++i) (void)request(t, 900ms, 1000ms, 1s);
  ASSERT_EQ(t.update(1s), true);
  EXPECT_FALSE(t.update(62s)) << "the window is empty: calm begins";
  EXPECT_FALSE(t.update(71s));
  (void)request(t, 900ms, 1000ms, 71s);
  EXPECT_FALSE(t.update(71s)) << "noise starts the calm anew";
  EXPECT_FALSE(t.update(132s));
  EXPECT_TRUE(t.state().is_thrashing);
  EXPECT_EQ(t.update(142s), false);
  EXPECT_FALSE(t.state().is_thrashing);
}

TEST(Thrash, between_the_two_thresholds_nothing_changes) {
  ThrashDetector t({});
  for (int i = 0; i < 4; ++i) (void)request(t, 900ms, 1000ms, 1s);
  ASSERT_EQ(t.update(1s), true);
  for (int i = 0; i < 4; ++i) (void)request(t, 450ms, 1000ms, 61s + 1ms);
  for (Instant at = 62s; at < 100s; at += 1s) EXPECT_FALSE(t.update(at)) << "0.45 is not below 0.8 x 0.5";
}

TEST(Thrash, share_counts_every_request_and_not_only_assemblies) {
  ThrashDetector t({});
  (void)t.on_request("g", {.load = 60ms, .stack = 40ms, .spawn = 7ms}, 100ms, 1s);
  for (int i = 0; i < 9; ++i) (void)request(t, 0ms, 100ms, 1s);
  (void)t.update(1s);
  EXPECT_DOUBLE_EQ(t.state().ratio, 1.0);
  EXPECT_DOUBLE_EQ(t.state().share, 0.1);
  (void)t.update(62s);
  EXPECT_EQ(t.state().share, 0);
}

TEST(Thrash, a_refault_is_a_page_in_that_as_many_places_again_would_have_spared) {
  ThrashDetector t({});
  EXPECT_FALSE(t.on_page_in("a", 1s)) << "its first";
  t.on_evicted("a", 2);
  t.on_evicted("b", 2);
  t.on_evicted("c", 2);  // for the page-in that follows
  EXPECT_TRUE(t.on_page_in("a", 2s));
  for (const char* evicted : {"d", "e"}) t.on_evicted(evicted, 2);
  EXPECT_FALSE(t.on_page_in("b", 3s)) << "two were evicted after it, and a third for this page-in";
  (void)t.update(3s);
  EXPECT_EQ(t.state().page_ins, 3U);
  EXPECT_DOUBLE_EQ(t.state().refault_share, 1.0 / 3);
  t.on_evicted("f", 0);  // fewer places: fewer ghosts
  EXPECT_FALSE(t.on_page_in("e", 4s));
}

TEST(Thrash, causes_name_the_stages_and_the_costliest_genomes) {
  ThrashDetector t({});
  for (int i = 0; i < 3; ++i) (void)t.on_request("slow", {.load = 400ms, .stack = 10ms, .spawn = 1ms}, 100ms, 1s);
  for (int i = 0; i < 8; ++i) (void)t.on_request(std::to_string(i), {.stack = 10ms, .spawn = 1ms}, 100ms, 1s);
  (void)t.update(1s);
  const ThrashCauses causes = t.causes();
  EXPECT_DOUBLE_EQ(causes.load_ms, 1200);
  EXPECT_DOUBLE_EQ(causes.stack_ms, 110);
  EXPECT_DOUBLE_EQ(causes.spawn_ms, 11);
  ASSERT_EQ(causes.genomes.size(), ThrashCauses::kMostGenomes);
  EXPECT_EQ(causes.genomes[0].name, "slow");
  EXPECT_EQ(causes.genomes[0].page_ins, 3U);
  EXPECT_DOUBLE_EQ(causes.genomes[0].ms, 1233);
}

// An hour of a pool with 3 places and the stage costs measured on SmolLM2-135M (bench/results): a COLD start 9 ms, a WARM one
// 4 ms, 32 tokens 207 ms. `fits`: the working set is as large as the pool; else three times as large.
std::uint64_t alarms_in_an_hour(bool fits, Duration load) {
  ThrashDetector t({});
  std::mt19937 chance(7);
  std::discrete_distribution<int> zipf({1.0, 1.0 / 2, 1.0 / 3, 1.0 / 4, 1.0 / 5, 1.0 / 6, 1.0 / 7, 1.0 / 8, 1.0 / 9});
  std::deque<int> hot;  // the last used first
  std::set<int> seen;
  std::uint64_t alarms = 0;
  for (Instant now = 1s; now < 3600s; now += 500ms) {
    const int genome = zipf(chance) % (fits ? 3 : 9);
    const std::string name = std::to_string(genome);
    AssemblyCost cost;
    if (std::erase(hot, genome) == 0) {
      cost = {.load = seen.insert(genome).second || load > 2ms ? load : 0ms, .stack = 4ms, .spawn = 1ms};
      (void)t.on_page_in(name, now);
    }
    hot.push_front(genome);
    if (hot.size() > 3) {
      t.on_evicted(std::to_string(hot.back()), 3);
      hot.pop_back();
    }
    (void)t.on_request(name, cost, 207ms, now);
    if (t.update(now) == true) ++alarms;
  }
  return alarms;
}

TEST(Thrash, an_hour_of_normal_load_is_silent) {
  EXPECT_EQ(alarms_in_an_hour(true, 2ms), 0U);
  EXPECT_EQ(alarms_in_an_hour(false, 2ms), 0U) << "three times the pool: the assembly is short beside the inference";
  EXPECT_EQ(alarms_in_an_hour(false, 400ms), 1U) << "a slow store: once, and it stays up";
}

TEST(Thrash, memory_is_bounded) {
  ThrashDetector t({.max_samples = 8});
  for (int i = 0; i < 100; ++i) (void)request(t, 1ms, 1ms, 1s);
  (void)t.update(1s);
  EXPECT_EQ(t.state().assemblies, 8u);
  EXPECT_EQ(t.state().inferences, 8u);
}

}  // namespace
}  // namespace genepool

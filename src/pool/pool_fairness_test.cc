// Fairness: nobody starves, whoever streams.
#include <gtest/gtest.h>

#include <chrono>

#include "pool/pool_harness.h"

namespace genepool {
namespace {

using namespace std::chrono_literals;

// Keeps `depth` requests of each genome in the pool for `duration`; returns the longest wait of any of them.
Duration stream(Harness& h, const std::string& genomes, int depth, Duration duration) {
  const Instant end = h.now + duration;
  std::map<char, std::vector<RequestId>> open;
  std::vector<RequestId> all;
  while (h.now < end) {
    for (const char genome : genomes) {
      auto& mine = open[genome];
      std::erase_if(mine, [&](RequestId r) { return h.is_ended(r); });
      while (std::ssize(mine) < depth) all.emplace_back(mine.emplace_back(h.arrive(genome, 1h)));
    }
    h.run(20ms);
  }
  Duration longest{};
  for (const RequestId r : all) {
    const auto& a = h.asked.at(r);
    longest = std::max(longest, (a.grants > 0 ? a.granted : h.now) - a.arrived);
  }
  return longest;
}

TEST(PoolFairness, an_endless_stream_yields_after_its_turn) {
  Harness h(knobs_with(1));
  (void)stream(h, "A", 8, 5s);
  const RequestId b = h.arrive('B');
  (void)stream(h, "A", 8, 3s);
  EXPECT_EQ(h.tier_of(b), Tier::kCold);
  EXPECT_LT(h.asked.at(b).granted - h.asked.at(b).arrived, 500ms) << "A's turn was long over";
}

TEST(PoolFairness, a_genome_just_brought_in_keeps_its_worker_for_its_turn) {
  Harness h(knobs_with(1));
  const RequestId a = h.arrive('A');
  const RequestId b = h.arrive('B');
  (void)stream(h, "A", 8, 3s);
  ASSERT_TRUE(h.is_ended(a));
  const Duration waited = h.asked.at(b).granted - h.asked.at(a).granted;
  EXPECT_GT(waited, 2s);
  EXPECT_LT(waited, 2500ms);
}

TEST(PoolFairness, two_streams_share_one_place_by_turns) {
  Harness h(knobs_with(1));
  const Duration longest = stream(h, "AB", 6, 120s);
  EXPECT_LT(longest, 6s) << "two turns and two page-ins";
  std::map<char, int> served;
  for (const auto& [id, a] : h.asked) served[a.genome] += a.grants;
  EXPECT_NEAR(served['A'], served['B'], served['A'] / 5);
}

TEST(PoolFairness, twenty_streams_over_three_places_starve_nobody) {
  Harness h(knobs_with(3));
  const Duration longest = stream(h, "ABCDEFGHIJKLMNOPQRST", 6, 120s);
  EXPECT_LT(longest, 20 / 3 * 2500ms) << "20 genomes in 3 places: a turn, its drain and a page-in before each of ours";
  std::map<char, int> served;
  for (const auto& [id, a] : h.asked) served[a.genome] += a.grants;
  for (const auto& [genome, n] : served) EXPECT_GT(n, 200) << genome;
}

TEST(PoolFairness, a_big_genome_is_not_passed_by_small_ones_for_ever) {
  Knobs k = knobs_with(3);
  k.hot_bytes = 450;
  Harness h(k);
  (void)stream(h, "ABCD", 4, 10s);
  h.specs['X'] = {test_digest('G', 'X'), 400, {{test_digest('L', 'X'), 30}}};  // all three places' bytes
  const RequestId big = h.arrive('X');
  (void)stream(h, "ABCD", 4, 20s);
  ASSERT_TRUE(h.tier_of(big));
  EXPECT_LT(h.asked.at(big).granted - h.asked.at(big).arrived, 10s);
}

TEST(PoolFairness, a_yield_is_taken_back_when_the_wait_ends) {
  for (const bool by_cancel : {true, false}) {
    Harness h(knobs_with(1));
    h.script.releases = false;
    (void)h.arrive('A');
    h.run(3s);
    const RequestId b = h.arrive('B', 1s);
    EXPECT_TRUE(h.status('A').is_yielding);
    const RequestId newcomer = h.arrive('A');
    EXPECT_FALSE(h.tier_of(newcomer));
    by_cancel ? h.cancel(b) : h.run(1s);
    EXPECT_FALSE(h.status('A').is_yielding);
    EXPECT_EQ(h.tier_of(newcomer), Tier::kHot);
    EXPECT_TRUE(h.kills.empty());
  }
}

TEST(PoolFairness, one_worker_yields_per_waiting_genome) {
  Harness h(knobs_with(3));
  h.script.releases = false;
  for (const char genome : std::string("ABC")) {
    (void)h.arrive(genome);
    h.run(100ms);
  }
  h.run(3s);
  (void)h.arrive('D');
  (void)h.arrive('D');
  EXPECT_TRUE(h.status('A').is_yielding) << "the one hot longest";
  EXPECT_FALSE(h.status('B').is_yielding || h.status('C').is_yielding);
  (void)h.arrive('E');
  EXPECT_TRUE(h.status('B').is_yielding);
  EXPECT_FALSE(h.status('C').is_yielding);
}

TEST(PoolFairness, of_two_yields_the_later_asked_is_taken_back) {
  Harness h(knobs_with(2));
  h.script.releases = false;
  for (const char genome : std::string("AB")) {
    (void)h.arrive(genome);
    h.run(100ms);
  }
  h.run(3s);
  (void)h.arrive('C');
  const RequestId d = h.arrive('D');
  EXPECT_TRUE(h.status('A').is_yielding && h.status('B').is_yielding);
  h.cancel(d);
  EXPECT_TRUE(h.status('A').is_yielding);
  EXPECT_FALSE(h.status('B').is_yielding);
}

// X needs the bytes of both; A has made way already when X gives up.
TEST(PoolFairness, one_that_made_way_in_vain_serves_its_newcomers) {
  Knobs k = knobs_with(2);
  k.hot_bytes = 300;
  Harness h(k);
  h.specs['X'] = {test_digest('G', 'X'), 250, {{test_digest('L', 'X'), 30}}};
  h.script.releases = false;
  const RequestId a = h.arrive('A');
  h.run(100ms);
  (void)h.arrive('B');
  h.run(3s);
  const RequestId x = h.arrive('X');
  ASSERT_TRUE(h.status('A').is_yielding);
  h.release(a);
  EXPECT_TRUE(h.status('B').is_yielding) << "A alone is not enough";
  const RequestId newcomer = h.arrive('A');
  h.cancel(x);
  EXPECT_FALSE(h.status('A').is_yielding || h.status('B').is_yielding);
  h.run(100ms);
  EXPECT_EQ(h.tier_of(newcomer), Tier::kHot);
  EXPECT_TRUE(h.kills.empty());
}

// Arrive -> ProbeWorker -> ProbeAnswered -> Grant -> FirstToken -> Release, 2 other genomes HOT, 20 WARM.
}  // namespace
}  // namespace genepool

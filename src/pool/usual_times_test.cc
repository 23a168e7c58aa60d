#include "pool/usual_times.h"

#include <gtest/gtest.h>

namespace genepool {
namespace {

using namespace std::chrono_literals;

Identity genome(int number) { return Identity{{static_cast<std::uint8_t>(number)}}; }

TEST(PeerMedian, is_not_known_from_fewer_than_five) {
  PeerMedian median;
  for (int i = 1; i <= 4; ++i) median.add(genome(1), 10ms);
  EXPECT_FALSE(median.of(genome(2)));
  median.add(genome(1), 10ms);
  EXPECT_EQ(median.of(genome(2)), 10ms);
  EXPECT_EQ(median.of(genome(1)), 10ms) << "alone it is compared with itself";
}

TEST(PeerMedian, is_the_middle_and_of_an_even_number_the_lower_one) {
  PeerMedian median;
  for (const int ms : {50, 10, 40, 20, 30}) median.add(genome(1), std::chrono::milliseconds(ms));
  EXPECT_EQ(median.of(genome(2)), 30ms);
  median.add(genome(1), 60ms);
  EXPECT_EQ(median.of(genome(2)), 30ms);
}

TEST(PeerMedian, own_samples_are_left_out_while_others_have_five) {
  PeerMedian median;
  for (int i = 0; i < 16; ++i) median.add(genome(1), 100ms);
  for (int i = 0; i < 4; ++i) median.add(genome(2), 10ms);
  EXPECT_EQ(median.of(genome(1)), 100ms) << "four of others are no measure";
  median.add(genome(3), 10ms);
  EXPECT_EQ(median.of(genome(1)), 10ms);
}

TEST(PeerMedian, one_genome_cannot_set_the_measure_for_all) {
  PeerMedian median;
  for (int i = 0; i < 10; ++i) median.add(genome(1), 10ms);
  for (int i = 0; i < 10; ++i) median.add(genome(2), 10ms);
  for (int i = 0; i < 1000; ++i) median.add(genome(3), 100ms);
  EXPECT_EQ(median.of(genome(4)), 10ms) << "20 against the 16 that it may hold";
}

TEST(PeerMedian, forgets_what_is_older_than_64_samples) {
  PeerMedian median;
  for (int i = 0; i < 64; ++i) median.add(genome(i % 8), 10ms);
  for (int i = 0; i < 32; ++i) median.add(genome(i % 8), 20ms);
  EXPECT_EQ(median.of(genome(99)), 10ms) << "32 of each: the lower";
  median.add(genome(0), 20ms);
  EXPECT_EQ(median.of(genome(99)), 20ms);
}

// Ten genomes that took 400 ms to the first token (HOT) and 20 ms per token.
UsualTimes of_ten_genomes() {
  UsualTimes usual;
  for (int i = 0; i < 10; ++i) usual.learn(genome(i), {.tier = Tier::kHot, .first_token = 400ms, .tokens = 100, .decode = 2s});
  return usual;
}

TEST(UsualTimes, a_first_token_is_slow_beyond_three_medians) {
  const UsualTimes usual = of_ten_genomes();
  EXPECT_EQ(usual.why_slow(genome(1), {.first_token = 1200ms}), "");
  EXPECT_NE(usual.why_slow(genome(1), {.first_token = 1200ms + 1ns}), "");
}

TEST(UsualTimes, a_first_token_within_a_second_is_never_slow) {
  UsualTimes usual;
  for (int i = 0; i < 10; ++i) usual.learn(genome(i), {.first_token = 10ms});
  EXPECT_EQ(usual.why_slow(genome(1), {.first_token = 1s}), "");
  EXPECT_NE(usual.why_slow(genome(1), {.first_token = 1s + 1ns}), "");
}

TEST(UsualTimes, a_first_token_is_compared_with_its_own_start_tier) {
  UsualTimes usual = of_ten_genomes();
  EXPECT_EQ(usual.why_slow(genome(1), {.tier = Tier::kCold, .first_token = 20s}), "") << "nothing known of COLD starts";
  for (int i = 0; i < 5; ++i) usual.learn(genome(i), {.tier = Tier::kCold, .first_token = 4s});
  EXPECT_EQ(usual.why_slow(genome(9), {.tier = Tier::kCold, .first_token = 12s}), "");
  EXPECT_NE(usual.why_slow(genome(9), {.tier = Tier::kCold, .first_token = 13s}), "");
}

TEST(UsualTimes, tokens_are_slow_beyond_two_and_a_half_medians_however_many_there_are) {
  const UsualTimes usual = of_ten_genomes();
  EXPECT_EQ(usual.why_slow(genome(1), {.first_token = 10ms, .tokens = 10'000, .decode = 500s}), "") << "50 ms each";
  EXPECT_NE(usual.why_slow(genome(1), {.first_token = 10ms, .tokens = 34, .decode = 1700ms + 34ns}), "");
  EXPECT_EQ(usual.why_slow(genome(1), {.first_token = 10ms, .tokens = 33, .decode = 1650ms + 33ns}), "") << "990 ms more: any program beside does that";
  EXPECT_EQ(usual.why_slow(genome(1), {.first_token = 10ms, .tokens = 0, .decode = 500s}), "") << "nothing to divide by";
}

TEST(UsualTimes, the_reason_has_the_numbers) {
  const UsualTimes usual = of_ten_genomes();
  EXPECT_EQ(usual.why_slow(genome(1), {.first_token = 4s}), "first token after 4.0 s, usual are 0.400 s");
  EXPECT_EQ(usual.why_slow(genome(1), {.tokens = 10, .decode = 2s}), "200.0 ms per token, usual are 20.0 ms");
}

TEST(UsualTimes, a_trial_may_take_three_medians_but_a_second_at_least) {
  UsualTimes usual = of_ten_genomes();
  EXPECT_EQ(usual.first_token_limit(genome(1), Tier::kHot), 1200ms);
  EXPECT_FALSE(usual.first_token_limit(genome(1), Tier::kWarm));
  EXPECT_FALSE(usual.load_limit(genome(1), Tier::kCold));
  for (int i = 0; i < 5; ++i) {
    usual.learn_load(genome(i), Tier::kCold, 2s);
    usual.learn_load(genome(i), Tier::kWarm, 5ms);
  }
  EXPECT_EQ(usual.load_limit(genome(9), Tier::kCold), 6s);
  EXPECT_EQ(usual.load_limit(genome(9), Tier::kWarm), 1s);
}

}  // namespace
}  // namespace genepool

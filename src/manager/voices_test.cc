#include "manager/voices.h"

#include <gtest/gtest.h>

namespace genepool {
namespace {

using namespace std::chrono_literals;

struct Scene {
  GenomeLives lives;
  UsageCounts counts{lives};
  std::unique_ptr<Voice> voice;

  explicit Scene(std::string_view name) : voice(make_voice(name, {&counts, &lives})) {}
  void request(GenomeIndex genome, const Moment& moment) {
    voice->observe(genome, moment);
    counts.observe(genome, moment.now);
  }
  void requests(std::initializer_list<GenomeIndex> genomes) {
    for (const GenomeIndex genome : genomes) request(genome, {});
  }
};

TEST(Voices, decayed_counts_speak_of_their_time) {
  Scene ten_minutes("d10m"), day("d1d");
  for (Scene* scene : {&ten_minutes, &day}) {
    scene->requests({0, 0, 0, 0});  // at 0 s
    scene->request(1, {.now = 20min});
  }
  const Moment now{.now = 20min};
  EXPECT_DOUBLE_EQ(ten_minutes.voice->share(0, now), (1 + 0.0005) / 2.001) << "4 requests two half-lives ago";
  EXPECT_DOUBLE_EQ(ten_minutes.voice->share(1, now), (1 + 0.0005) / 2.001);
  EXPECT_GT(day.voice->share(0, now), 0.79);
}

TEST(Voices, all_never_forgets) {
  Scene all("all");
  all.requests({0, 0, 0, 1});
  EXPECT_DOUBLE_EQ(all.voice->share(0, {.now = 1000h}), 3.5 / 5);
  EXPECT_DOUBLE_EQ(all.voice->share(1, {.now = 1000h}), 1.5 / 5);
}

TEST(Voices, markov1_says_what_followed_and_falls_back) {
  Scene markov("markov1");
  markov.requests({0, 1, 0, 1, 0});  // 0 was followed by 1 twice
  const double fallback_of_1 = (2 + 0.0005) / 5.001;  // both decayed counts: all at one time
  EXPECT_DOUBLE_EQ(markov.voice->share(1, {}), (2 + 5 * fallback_of_1) / 7);
  EXPECT_DOUBLE_EQ(markov.voice->share(0, {}), 5 * (1 - fallback_of_1) / 7);
}

TEST(Voices, week_knows_the_hour) {
  Scene week("week");
  for (int i = 0; i < 10; ++i) {
    week.request(0, {.week_hour = 8});
    week.request(1, {.week_hour = 9});
  }
  EXPECT_DOUBLE_EQ(week.voice->share(0, {.week_hour = 8}), (10 + 5 * 0.5) / 15);
  EXPECT_DOUBLE_EQ(week.voice->share(0, {.week_hour = 9}), (5 * 0.5) / 15);
  EXPECT_DOUBLE_EQ(week.voice->share(0, {.week_hour = 10}), 0.5);
}

TEST(Voices, every_voices_shares_add_up_to_one) {
  for (const std::string_view name : {"d10m", "d1h", "d1d", "all", "markov1", "week"}) {
    Scene scene(name);
    ASSERT_NE(scene.voice, nullptr) << name;
    std::uint32_t chance = 1;
    for (Instant now{}; now < 24h; now += 7min) {
      chance = chance * 1'664'525 + 1'013'904'223;
      scene.request((chance >> 20) % 11, {.now = now, .user = (chance >> 16) % 3, .week_hour = (chance >> 10) % 5});
    }
    double sum = 0;
    const Moment next{.now = 24h, .user = 2, .week_hour = 3};
    for (GenomeIndex genome = 0; genome < 11; ++genome) sum += scene.voice->share(genome, next);
    EXPECT_NEAR(sum, 1, 1e-9) << name;
  }
  EXPECT_EQ(make_voice("oracle", {}), nullptr);
}

TEST(UsageCounts, the_rate_is_that_of_the_last_minutes) {
  const GenomeLives lives;
  UsageCounts counts(lives);
  for (Instant now{}; now < 5h; now += 10s) counts.observe(0, now);
  EXPECT_NEAR(counts.requests_per_s(5h), 0.1, 0.001);
}

TEST(UsageCounts, the_likeliest_of_the_day_are_in_the_order_of_their_counts) {
  const GenomeLives lives;
  UsageCounts counts(lives);
  for (GenomeIndex genome = 0; genome < 20; ++genome) {
    for (GenomeIndex i = 0; i <= genome; ++i) counts.observe(genome, 1h);
  }
  std::vector<GenomeIndex> highest;
  for (GenomeIndex genome = 19; genome >= 6; --genome) highest.push_back(genome);
  EXPECT_EQ(counts.likeliest_of_day(), highest);
  counts.forget(19);
  EXPECT_EQ(counts.likeliest_of_day().front(), 18U);
  EXPECT_EQ(counts.likeliest_of_day().back(), 5U) << "one more has a place";
  for (int i = 0; i < 30; ++i) counts.observe(2, 1h);
  EXPECT_EQ(counts.likeliest_of_day().front(), 2U);
}

TEST(UsageCounts, the_forgotten_are_not_seen) {
  GenomeLives lives;
  UsageCounts counts(lives);
  for (const GenomeIndex genome : {0, 1, 0, 1}) counts.observe(genome, 0s);
  counts.forget(1);
  lives.forget(1);
  EXPECT_FALSE(counts.has_seen(1));
  EXPECT_EQ(counts.likeliest_of_day(), std::vector<GenomeIndex>{0});
  EXPECT_EQ(counts.seen(), 1U);
  EXPECT_EQ(counts.previous(), std::nullopt);
  EXPECT_DOUBLE_EQ(counts.share_ever(0), 1);
  EXPECT_DOUBLE_EQ(counts.share_1h(0, 0s), 1);
  counts.observe(1, 0s);  // another genome
  EXPECT_DOUBLE_EQ(counts.share_after_previous(0, 0s), counts.fallback_share(0, 0s)) << "what followed the old one is gone";
}

}  // namespace
}  // namespace genepool

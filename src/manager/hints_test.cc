#include "manager/hints.h"

#include <gtest/gtest.h>

namespace genepool {
namespace {

using namespace std::chrono_literals;

struct Scene {
  GenomeLives lives;
  UserMemory users{lives};
  Hints hints{users};

  Result<ExpectedSession> take(const SessionHint& hint, Instant now) {
    return hints.take(hint, [](GenomeIndex genome) { return genome * 1s; }, now);  // genome 3 takes 3 s to load
  }
};

TEST(Hints, a_named_genome_is_certain_and_protected_past_its_eta) {
  Scene s;
  const auto session = s.take({.genome = 3, .eta = 5s}, 100s);
  ASSERT_TRUE(session);
  EXPECT_EQ(session->genome, 3U);
  EXPECT_EQ(session->chance, 1);
  EXPECT_EQ(session->until, 115s) << "people are late";
  EXPECT_EQ(s.take({.genome = 20, .eta = 5s}, 100s)->until, 145s) << "twice its load time is longer";
}

TEST(Hints, protection_ends_after_a_minute_or_with_the_ttl) {
  Scene s;
  EXPECT_EQ(s.take({.genome = 20, .eta = 50s, .ttl = 10min}, 100s)->until, 160s);
  EXPECT_EQ(s.take({.genome = 3, .eta = 5s, .ttl = 7s}, 100s)->until, 107s);
}

TEST(Hints, without_a_name_the_users_last_genome_is_meant_at_the_users_rate) {
  Scene s;
  for (const GenomeIndex genome : {2, 3, 3}) s.users.observe(7, genome);
  const auto session = s.take({.user = 7}, 100s);
  ASSERT_TRUE(session);
  EXPECT_EQ(session->genome, 3U);
  EXPECT_DOUBLE_EQ(session->chance, (1 + 2 * 0.6) / (2 + 2));
  EXPECT_EQ(s.take({.genome = 9, .user = 7}, 100s)->genome, 9U) << "a name counts for more";
}

TEST(Hints, nobody_knows_which_genome) {
  Scene s;
  EXPECT_EQ(s.take({.user = 7}, 100s).error().code, Code::kGenomeNotFound);
  EXPECT_EQ(s.take({}, 100s).error().code, Code::kGenomeNotFound);
  EXPECT_EQ(s.hints.counts().taken, 0U);
}

TEST(Hints, absurd_times_are_refused) {
  Scene s;
  EXPECT_EQ(s.take({.genome = 3, .eta = -1s}, 100s).error().param, "eta");
  EXPECT_EQ(s.take({.genome = 3, .eta = 61s}, 100s).error().param, "eta");
  EXPECT_EQ(s.take({.genome = 3, .ttl = 0s}, 100s).error().param, "ttl");
}

TEST(Hints, a_source_may_give_five_at_once_and_one_a_second) {
  Scene s;
  for (GenomeIndex genome = 1; genome <= 5; ++genome) EXPECT_TRUE(s.take({.genome = genome, .source = 1}, 100s));
  const auto refused = s.take({.genome = 6, .source = 1}, 100s + 250ms);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kQueueFull);
  EXPECT_EQ(refused.error().retry_after, 751ms);
  EXPECT_TRUE(s.take({.genome = 6, .source = 2}, 100s + 250ms)) << "another source";
  EXPECT_TRUE(s.take({.genome = 6, .source = 1}, 100s + 250ms + 751ms));
  EXPECT_FALSE(s.take({.genome = 7, .source = 1}, 100s + 250ms + 751ms));
}

TEST(Hints, live_hints_and_sources_are_bounded) {
  Scene s;
  for (GenomeIndex genome = 0; genome < 256; ++genome) {
    ASSERT_TRUE(s.take({.genome = genome + 10, .source = genome, .eta = 60s}, 100s));
  }
  EXPECT_EQ(s.take({.genome = 1, .source = 999}, 100s).error().code, Code::kQueueFull);
  EXPECT_TRUE(s.take({.genome = 10, .source = 999}, 100s)) << "one that is live already";
  EXPECT_TRUE(s.take({.genome = 1, .source = 999}, 160s)) << "they have expired";
  for (std::uint64_t source = 1'000; source < 3'000; ++source) EXPECT_TRUE(s.take({.genome = 1, .source = source}, 161s));
}

TEST(Hints, what_came_is_no_longer_awaited) {
  Scene s;
  ASSERT_TRUE(s.take({.genome = 3, .eta = 5s}, 100s));
  ASSERT_TRUE(s.take({.genome = 2, .eta = 5s}, 100s));
  ASSERT_EQ(s.hints.awaited(101s).size(), 2U);
  EXPECT_EQ(s.hints.awaited(101s)[0].genome, 2U);
  for (int i = 0; i < 2; ++i) s.hints.on_request(3, 104s);
  s.hints.on_request(9, 104s);
  EXPECT_EQ(s.hints.awaited(104s).size(), 1U);
  s.hints.on_done(2);
  EXPECT_TRUE(s.hints.awaited(104s).empty()) << "there is nothing to do for it";
  s.hints.on_done(2, false);
  EXPECT_EQ(s.hints.awaited(104s).size(), 1U);
  s.hints.expire(120s);
  EXPECT_TRUE(s.hints.awaited(104s).empty());
  EXPECT_EQ(s.hints.counts().taken, 2U);
  EXPECT_EQ(s.hints.counts().came, 1U);
  EXPECT_EQ(s.hints.counts().expired, 1U);
}

TEST(Hints, a_second_hint_extends_the_first) {
  Scene s;
  for (const GenomeIndex genome : {3, 2, 3}) s.users.observe(7, genome);
  ASSERT_TRUE(s.take({.genome = 3, .eta = 20s}, 100s));
  const auto second = s.take({.user = 7, .eta = 1s}, 101s);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->until, 130s);
  EXPECT_EQ(second->chance, 1);
  EXPECT_EQ(s.hints.counts().taken, 1U);
  s.hints.forget(3);
  EXPECT_EQ(s.hints.counts().expired, 1U);
}

}  // namespace
}  // namespace genepool

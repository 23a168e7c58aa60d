#include "manager/user_memory.h"

#include <gtest/gtest.h>

namespace genepool {
namespace {

TEST(UserMemory, a_stranger_is_believed_to_stay_in_six_of_ten) {
  const GenomeLives lives;
  const UserMemory users(lives);
  EXPECT_EQ(users.last(5), std::nullopt);
  EXPECT_DOUBLE_EQ(users.last_hit_rate(5), 0.6);
  EXPECT_EQ(users.top_two(5).size, 0U);
}

TEST(UserMemory, the_hit_rate_runs_with_the_user) {
  const GenomeLives lives;
  UserMemory users(lives);
  for (const GenomeIndex genome : {0, 0, 0, 9}) users.observe(1, genome);
  EXPECT_EQ(users.last(1), 9U);
  EXPECT_DOUBLE_EQ(users.last_hit_rate(1), (2 + 2 * 0.6) / (3 + 2)) << "right, right, wrong";
  EXPECT_EQ(users.last(0), std::nullopt) << "another user";
  users.forget(1);
  EXPECT_EQ(users.last(1), std::nullopt);
  EXPECT_DOUBLE_EQ(users.last_hit_rate(1), 0.6);
}

TEST(UserMemory, the_top_two_are_the_two_asked_for_most) {
  const GenomeLives lives;
  UserMemory users(lives);
  for (const GenomeIndex genome : {7, 9, 7, 8, 8, 7}) users.observe(1, genome);
  const auto two = users.top_two(1);
  ASSERT_EQ(two.size, 2U);
  EXPECT_EQ(two.genomes[0].genome.index, 7U);
  EXPECT_EQ(two.genomes[0].count, 3U);
  EXPECT_EQ(two.genomes[1].genome.index, 8U);
  // 9 was not yet among them, 7 was; 8 was not, and then was not above 9, which came before it; 7 was.
  EXPECT_DOUBLE_EQ(two.hit_rate, (2 + 2 * 0.6) / (5 + 2));
}

TEST(UserMemory, a_forgotten_genome_is_nobodys_last) {
  GenomeLives lives;
  UserMemory users(lives);
  users.observe(1, 7);
  lives.forget(7);
  EXPECT_EQ(users.last(1), std::nullopt);
  EXPECT_EQ(users.top_two(1).size, 0U);
  users.observe(1, 7);
  EXPECT_EQ(users.last(1), 7U);
  EXPECT_DOUBLE_EQ(users.last_hit_rate(1), 0.6) << "there was nothing to guess with";
}

}  // namespace
}  // namespace genepool

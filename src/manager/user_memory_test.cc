#include "manager/user_memory.h"

#include <gtest/gtest.h>

namespace genepool {
namespace {

TEST(UserMemory, a_stranger_is_believed_to_stay_in_six_of_ten) {
  const GenomeLives lives;
  const UserMemory users(lives);
  EXPECT_EQ(users.last(5), std::nullopt);
  EXPECT_DOUBLE_EQ(users.last_hit_rate(5), 0.6);
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

TEST(UserMemory, a_forgotten_genome_is_nobodys_last) {
  GenomeLives lives;
  UserMemory users(lives);
  users.observe(1, 7);
  lives.forget(7);
  EXPECT_EQ(users.last(1), std::nullopt);
  users.observe(1, 7);
  EXPECT_EQ(users.last(1), 7U);
  EXPECT_DOUBLE_EQ(users.last_hit_rate(1), 0.6) << "there was nothing to guess with";
}

}  // namespace
}  // namespace genepool

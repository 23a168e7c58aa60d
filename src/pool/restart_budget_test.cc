#include "pool/restart_budget.h"

#include <gtest/gtest.h>

#include "pool/crash_blame.h"

namespace genepool {
namespace {

using namespace std::chrono_literals;

TEST(RestartBudget, three_restarts_in_a_minute_and_the_fourth_is_refused) {
  RestartBudget budget;
  EXPECT_TRUE(budget.spend(100s));
  EXPECT_TRUE(budget.spend(110s));
  EXPECT_TRUE(budget.spend(120s));
  EXPECT_FALSE(budget.spend(160s)) << "60 s after the first is still within the window";
  EXPECT_EQ(budget.refusals(), 1u);
}

TEST(RestartBudget, deaths_that_lie_apart_never_exhaust_it) {
  RestartBudget budget;
  for (Instant at = 100s; at < 4000s; at += 21s) EXPECT_TRUE(budget.spend(at));
  EXPECT_EQ(budget.refusals(), 0u);
}

TEST(RestartBudget, once_given_up_each_death_is_refused_until_it_was_healthy) {
  RestartBudget budget({.restarts = 1, .window = 60s, .healthy = 600s});
  EXPECT_TRUE(budget.spend(100s));
  EXPECT_FALSE(budget.spend(101s));
  EXPECT_FALSE(budget.spend(700s)) << "599 s after the last death; the window is long empty";
  EXPECT_EQ(budget.refusals(), 2u);
  EXPECT_TRUE(budget.spend(1300s)) << "600 s after it";
  EXPECT_EQ(budget.refusals(), 0u);
}

TEST(RestartBudget, time_before_it_was_let_in_again_is_not_health) {
  RestartBudget budget({.restarts = 0, .window = 60s, .healthy = 600s});
  EXPECT_FALSE(budget.spend(100s));
  budget.resume(400s);
  EXPECT_EQ(budget.healthy_at(), 1000s);
  EXPECT_FALSE(budget.is_healthy(999s));
  EXPECT_TRUE(budget.is_healthy(1000s));
}

TEST(RestartBudget, what_was_not_its_fault_is_taken_back) {
  RestartBudget budget;
  for (const Instant at : {100s, 130s, 140s}) EXPECT_TRUE(budget.spend(at));
  EXPECT_FALSE(budget.spend(141s));
  budget.take_back(131s);
  EXPECT_EQ(budget.refusals(), 0u);
  EXPECT_TRUE(budget.spend(142s)) << "two of the window are left: 100 and 130";
  EXPECT_TRUE(budget.spend(161s)) << "100 is out of the window";
  EXPECT_FALSE(budget.spend(162s));
}

TEST(RestartBudget, a_reset_makes_it_new) {
  RestartBudget budget({.restarts = 0});
  EXPECT_FALSE(budget.spend(1s));
  EXPECT_FALSE(budget.is_unused());
  budget.reset();
  EXPECT_TRUE(budget.is_unused());
  EXPECT_TRUE(budget.is_healthy(1s));
}

Identity genome(char name) { return Identity{{static_cast<std::uint8_t>(name)}}; }

TEST(CrashBlame, deaths_of_one_genome_blame_nobody_else) {
  CrashBlame blame;
  for (Instant at = 1s; at < 20s; at += 1s) EXPECT_TRUE(blame.on_crash(genome('A'), at).empty());
}

TEST(CrashBlame, two_genomes_within_ten_seconds_point_to_what_they_share) {
  CrashBlame blame;
  EXPECT_TRUE(blame.on_crash(genome('A'), 100s).empty());
  EXPECT_EQ(blame.on_crash(genome('B'), 110s), std::set{genome('A')}) << "10 s: still together";
  EXPECT_EQ(blame.on_crash(genome('C'), 111s), std::set{genome('B')}) << "A's death is 11 s old";
  EXPECT_TRUE(blame.on_crash(genome('A'), 121s + 1ns).empty());
}

}  // namespace
}  // namespace genepool

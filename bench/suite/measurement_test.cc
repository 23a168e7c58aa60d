#include "suite/measurement.h"

#include <gtest/gtest.h>

#include <set>

namespace genepool::bench {
namespace {

Measurement row(Bound limit, std::vector<double> samples) {
  return {"row", "a row", Unit::kMillis, limit, {}, std::move(samples), ""};
}

TEST(Verdict, the_limit_itself_fails_unless_it_is_allowed) {
  EXPECT_EQ(verdict_of(row({Statistic::kP99, 10}, {1, 2, 9.9})), Verdict::kPass);
  EXPECT_EQ(verdict_of(row({Statistic::kP99, 10}, {1, 2, 10})), Verdict::kFail);
  EXPECT_EQ(verdict_of(row({Statistic::kMax, 10, true}, {1, 2, 10})), Verdict::kPass);
}

TEST(Verdict, one_slow_sample_of_a_hundred_is_beyond_p99_and_within_max) {
  std::vector<double> samples(200, 1.0);
  samples[7] = 100;
  EXPECT_EQ(verdict_of(row({Statistic::kP99, 10}, samples)), Verdict::kPass);
  EXPECT_EQ(verdict_of(row({Statistic::kMax, 10}, samples)), Verdict::kFail);
}

TEST(Verdict, means_are_judged_as_means) {
  EXPECT_EQ(verdict_of(row({Statistic::kMean, 10}, {1, 17})), Verdict::kPass);
  EXPECT_EQ(verdict_of(row({Statistic::kMean, 10}, {1, 19})), Verdict::kFail);
}

TEST(Verdict, what_was_not_measured_neither_fails_nor_passes) {
  EXPECT_EQ(verdict_of(row({Statistic::kP99, 10}, {})), Verdict::kUnmeasured);
  EXPECT_FALSE(all_pass({row({Statistic::kP99, 10}, {})}));
}

TEST(Verdict, a_missed_aim_does_not_fail) {
  Measurement shown = row({Statistic::kP99, 10}, {5});
  shown.aims = {{Statistic::kP50, 1}};
  EXPECT_FALSE(is_within(shown, shown.aims.front()));
  EXPECT_TRUE(all_pass({shown}));
  shown.limit.reset();
  EXPECT_EQ(verdict_of(shown), Verdict::kNone);
}

TEST(GatherGroups, puts_rows_of_a_group_together_in_the_order_they_came) {
  std::vector<Measurement> rows;
  for (const auto& [id, group] : {std::pair{"1", "b"}, {"2", "a"}, {"3", "b"}, {"4", "a"}}) rows.push_back({.id = id, .group = group});
  gather_groups(rows);
  std::string order;
  for (const Measurement& one : rows) order += one.id;
  EXPECT_EQ(order, "1324");
}

TEST(FoundingRows, have_ids_of_their_own) {
  std::set<std::string> ids;
  for (const Measurement& measurement : founding_rows()) EXPECT_TRUE(ids.insert(measurement.id).second) << measurement.id;
}

}  // namespace
}  // namespace genepool::bench

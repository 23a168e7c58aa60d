#include "suite/questions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "suite/machine.h"

namespace genepool::bench {
namespace {

using ::testing::HasSubstr;

std::vector<Measurement> rows_with(const std::map<std::string, std::vector<double>>& samples) {
  std::vector<Measurement> rows = founding_rows();
  for (Measurement& row : rows) {
    if (const auto found = samples.find(row.id); found != samples.end()) row.samples = found->second;
  }
  return rows;
}

TEST(KeyQuestions, are_the_five_of_the_founding_document) {
  const std::vector<KeyAnswer> answers = key_answers(rows_with({{"layer_load_disk", {2}}, {"layer_load_cached", {1}}, {"spawn_teardown", {700}}, {"hot_acquire", {0.1}}}));
  ASSERT_EQ(answers.size(), 5U);
  EXPECT_EQ(answers[0].is_yes, true);
  EXPECT_THAT(answers[0].figures, HasSubstr("2.00 ms (p99 < 100 ms)"));
  EXPECT_EQ(answers[1].is_yes, std::nullopt) << "what was not measured is neither";
  EXPECT_EQ(answers[2].is_yes, false);
  EXPECT_THAT(answers[2].remedy, HasSubstr("a HOT acquire: 0.10 ms"));
}

TEST(Recommended, hot_places_follow_from_memory) {
  const auto rows = rows_with({{"memory_genome", {50e6}}, {"memory_five", {300e6}}, {"page_bytes", {10e6}}});
  const std::vector<Advice> advice = recommended_settings(rows, 4'000'000'000, 4);
  ASSERT_EQ(advice.size(), 4U);
  EXPECT_EQ(advice[0].setting, "pool.max_hot");
  EXPECT_EQ(advice[0].value, "31");  // (1,600 MB for HOT - 50 MB of the base) / 50 MB
  EXPECT_EQ(advice[1].value, "762MiB");
  EXPECT_EQ(advice[2].value, "80");
  EXPECT_EQ(advice[3].value, "4");
}

TEST(Recommended, kv_that_a_genome_may_write_counts) {
  const auto rows = rows_with({{"memory_genome", {50e6}}, {"charged_genome", {100e6}}, {"memory_five", {300e6}}, {"page_bytes", {10e6}}});
  EXPECT_EQ(recommended_settings(rows, 4'000'000'000, 4)[0].value, "15");  // (1,600 MB - 50 MB) / 100 MB
}

TEST(Machine, one_that_is_too_small_is_refused) {
  Machine machine{.available_bytes = 3ULL << 30};
  EXPECT_TRUE(check_room(machine, 2ULL << 30));
  const auto refused = check_room(machine, (2ULL << 30) + 1);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("3.0 GiB of RAM are free"));
}

TEST(Recommended, nothing_without_measurements) { EXPECT_TRUE(recommended_settings(founding_rows(), 4'000'000'000, 4).empty()); }

}  // namespace
}  // namespace genepool::bench

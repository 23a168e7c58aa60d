#include "suite/comparison.h"

#include <fmt/ranges.h>
#include <gmock/gmock.h>

#include <random>

namespace genepool::bench {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

std::string result_with(const std::vector<double>& samples, const std::string& cpu = "EPYC") {
  return fmt::format(R"({{"kind":"load","machine":{{"cpu":"{}","cores":2}},"engine":"llama","rows":[{{"id":"a","title":"A","unit":"ms","samples":[{}]}}]}})", cpu,
                     fmt::join(samples, ","));
}

std::vector<double> noisy(double median, std::uint64_t seed, std::size_t count = 30) {
  std::mt19937_64 chance(seed);
  std::normal_distribution<double> noise(median, median * 0.1);
  std::vector<double> values(count);
  for (double& value : values) value = noise(chance);
  return values;
}

TEST(Comparison, noise_is_no_change_and_a_change_is_one) {
  const auto same = compare_results(result_with(noisy(10, 1)), result_with(noisy(10, 2)));
  ASSERT_TRUE(same) << same.error().message;
  EXPECT_EQ(same->rows.at(0).change, Change::kNone);
  EXPECT_LT(same->rows[0].least, 1);
  EXPECT_GT(same->rows[0].most, 1);
  EXPECT_EQ(compare_results(result_with(noisy(10, 1)), result_with(noisy(12, 2)))->rows.at(0).change, Change::kWorse);
  EXPECT_EQ(compare_results(result_with(noisy(10, 1)), result_with(noisy(8, 2)))->rows.at(0).change, Change::kBetter);
}

TEST(Comparison, of_a_rate_more_is_better) {
  const auto peers = [](double rate) {
    return fmt::format(R"({{"kind":"peers","machine":{{}},"contests":[{{"id":"c","title":"C","unit":"tokens/s","contestants":[{{"name":"genepool","samples":[{0},{0},{0}]}}]}}]}})", rate);
  };
  const auto compared = compare_results(peers(100), peers(150));
  ASSERT_TRUE(compared) << compared.error().message;
  EXPECT_EQ(compared->rows.at(0).title, "C: genepool");
  EXPECT_EQ(compared->rows[0].change, Change::kBetter);
}

TEST(Comparison, what_cannot_be_compared_is_said) {
  EXPECT_THAT(compare_results(result_with({1, 2}), result_with({1, 2, 3}))->left_out, SizeIs(1));
  EXPECT_THAT(compare_results(result_with(noisy(1, 1), "EPYC"), result_with(noisy(1, 1), "Xeon"))->warnings.at(0), HasSubstr("cpu differs"));
  EXPECT_FALSE(compare_results("{}", result_with({1})));
  EXPECT_FALSE(compare_results(result_with({1}), "no JSON"));
  EXPECT_FALSE(compare_results(R"({"kind":"peers","machine":{},"contests":[]})", result_with({1})));
  EXPECT_FALSE(compare_results(R"({"kind":"load","machine":{},"rows":[{"id":1}]})", result_with({1})));
}

}  // namespace
}  // namespace genepool::bench

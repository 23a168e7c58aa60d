#include "suite/report.h"

#include <gtest/gtest.h>

namespace genepool::bench {
namespace {

SuiteResult result_of(std::vector<Measurement> rows) { return {.suite = "limits", .rows = std::move(rows), .seconds = 12}; }

std::string text_of(const SuiteResult& result) {
  return report_text({}, Workload{}, SuiteOptions{}, result, cli::Colours::kPlain);
}

const Measurement kSpawn{"process_spawn", "process spawn", Unit::kMillis, Bound{Statistic::kP99, 500},
                         {{Statistic::kP50, 3, true}}, {1, 2, 9}, ""};

TEST(Report, a_row_shows_what_was_measured_its_limit_and_our_aim) {
  const std::string text = text_of(result_of({kSpawn}));
  EXPECT_NE(text.find("process spawn   2.00 ms   9.00 ms   9.00 ms   3   p99 < 500 ms   PASS      p50 <= 3 ms   met\n"),
            std::string::npos) << text;
  EXPECT_NE(text.find("All 1 limits of the founding document pass, measured in 12 s."), std::string::npos) << text;
}

TEST(Report, failures_are_counted) {
  Measurement slow = kSpawn;
  slow.samples = {700};
  Measurement missing = kSpawn;
  missing.samples.clear();
  const std::string text = text_of(result_of({kSpawn, slow, missing}));
  EXPECT_NE(text.find("not measured"), std::string::npos) << text;
  EXPECT_NE(text.find("1 of 3 limits of the founding document FAIL, 1 not measured"), std::string::npos) << text;
  EXPECT_NE(text_of(result_of({kSpawn, missing})).find("1 of 2 limits of the founding document measured, and those pass"), std::string::npos);
}

TEST(Report, a_mean_stands_beside_its_limit) {
  const Measurement row{"sequential", "requests", Unit::kMillis, Bound{Statistic::kMean, 1000}, {}, {300, 500}, ""};
  EXPECT_NE(text_of(result_of({row})).find("mean < 1 s (400 ms)"), std::string::npos);
}

TEST(Report, a_busy_machine_is_told) {
  ReportHead head;
  head.machine.cores = 2;
  head.machine.busy_cores = 0.1;
  const auto text = [&] { return report_text(head, Workload{}, SuiteOptions{}, result_of({kSpawn}), cli::Colours::kPlain); };
  EXPECT_EQ(text().find("note "), std::string::npos);
  head.machine.busy_cores = 1;
  EXPECT_NE(text().find("kept the cores busy"), std::string::npos);
}

TEST(Report, json_has_the_raw_samples_and_the_verdict) {
  const std::string json = report_json({}, Workload{}, SuiteOptions{}, result_of({kSpawn}));
  EXPECT_NE(json.find("\"verdict\": \"PASS\""), std::string::npos);
  EXPECT_NE(json.find("\"passed\": true"), std::string::npos);
  EXPECT_NE(json.find("\"samples\": [\n        1.0,"), std::string::npos) << json;
}

TEST(Report, units_read_like_the_founding_document) {
  EXPECT_EQ(unit_text(Unit::kBytes, 84'300'000), "84.3 MB");
  EXPECT_EQ(bound_text(Unit::kBytes, {Statistic::kMax, 5e9, true}), "max <= 5 GB");
  EXPECT_EQ(bound_text(Unit::kMillis, {Statistic::kP99, 3000}), "p99 < 3 s");
  EXPECT_EQ(bound_text(Unit::kCount, {Statistic::kMax, 0, true}), "max <= 0");
}

}  // namespace
}  // namespace genepool::bench

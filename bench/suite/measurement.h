// Measurement: the samples of one row, the limit on it (the founding document's, or a goal of ours) and our own aims. Thread: values, pure.
// Not here: how samples are taken (suite.h), how they are shown (report.h).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace genepool::bench {

enum class Unit { kMillis, kBytes, kRatio, kCount, kTokensPerSecond };
enum class Statistic { kP50, kP99, kMean, kMax };

struct Bound {
  Statistic statistic = Statistic::kP99;
  double value = 0;
  bool is_allowed = false;  // the value itself still passes
  bool is_least = false;    // at least the value, instead of at most
};

struct Measurement {
  std::string id;     // "warm_acquire": the key in JSON
  std::string title;  // "WARM acquire, page kept"
  Unit unit = Unit::kMillis;
  std::optional<Bound> limit;  // decides the verdict; none: shown beside
  std::vector<Bound> aims;     // our own, stricter; never decide the verdict
  std::vector<double> samples;
  std::string note;
  std::string group = {};      // rows of one group stand together, and share a chart
};

enum class Verdict { kPass, kFail, kUnmeasured, kNone };  // kNone: there is no limit

[[nodiscard]] double median_of(std::vector<double> values);  // 0 for none
[[nodiscard]] double value_of(const Measurement& measurement, Statistic statistic);  // 0 without samples
[[nodiscard]] bool is_within(const Measurement& measurement, const Bound& bound);    // false without samples
[[nodiscard]] Verdict verdict_of(const Measurement& measurement);
[[nodiscard]] std::string_view name_of(Verdict verdict);  // "" for kNone
// What was not measured has not passed.
[[nodiscard]] bool all_pass(const std::vector<Measurement>& measurements);
[[nodiscard]] std::string_view name_of(Statistic statistic);  // "p99"
[[nodiscard]] std::string_view name_of(Unit unit);            // "ms", "tokens/s": in JSON

// Rows of one group stand together afterwards; groups and rows keep the order in which they came first.
void gather_groups(std::vector<Measurement>& rows);

// Every row of the report, without samples, in the order of the report.
[[nodiscard]] std::vector<Measurement> founding_rows();

}  // namespace genepool::bench

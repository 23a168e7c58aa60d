#include "cli/trace_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace genepool::cli {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

Trace trace_of(const std::vector<std::pair<double, std::uint32_t>>& uses) {
  Trace trace;
  trace.genomes = {{"a"}, {"b"}, {"c"}};
  for (const auto& [t, genome] : uses) trace.requests.push_back({.t_seconds = t, .genome = genome});
  return trace;
}

TEST(TraceReport, a_curve_is_a_column_for_each_number_of_places) {
  EXPECT_EQ(curve_text({1, 1, 0.5, 0.25, 0.0625}, 2),
            "100 % |█\n"
            "      |██▄▁\n"
            "  0 % +----\n"
            "       1\n");
  std::vector<double> ten(11, 0.0);
  EXPECT_THAT(curve_text(ten, 1), HasSubstr("       1        10\n"));
}

TEST(TraceReport, requests_are_counted_by_the_hour) {
  const auto parts = requests_over_time(trace_of({{0, 0}, {3599, 0}, {3600, 1}, {10'800, 2}}));
  EXPECT_EQ(parts.part_h, 1);
  EXPECT_THAT(parts.requests, ElementsAre(2, 1, 0, 1));
}

TEST(TraceReport, a_trace_of_centuries_has_few_parts) {
  const auto parts = requests_over_time(trace_of({{0, 0}, {kMaxTraceSeconds, 0}}));
  EXPECT_LE(parts.requests.size(), kMostParts);
  EXPECT_EQ(parts.requests.front() + parts.requests.back(), 2U);
}

TEST(TraceReport, ranks_begin_with_the_most_used) {
  EXPECT_THAT(uses_by_rank(trace_of({{0, 1}, {1, 2}, {2, 2}, {3, 0}, {4, 2}})), ElementsAre(3, 1, 1));
}

// a b a c a b: LRU with 2 places misses a, b, c and the last b.
TEST(TraceReport, text_json_and_page_tell_the_same) {
  const Trace trace = trace_of({{0, 0}, {60, 1}, {120, 0}, {180, 2}, {240, 0}, {300, 1}});
  const TraceReport report{"x<y.csv", trace, trace_info(trace), 2, 0};
  EXPECT_THAT(trace_text(report), AllOf(HasSubstr("requests     6 in 5m 0s, 1.2 a minute\n"), HasSubstr("first uses   50.0 %"),
                                        HasSubstr("users        not told\n"), HasSubstr("\n2        66.7 %")));
  EXPECT_THAT(trace_json(report), AllOf(HasSubstr("\"requests\": 6,"), HasSubstr("\"rows_moved\": 2"), HasSubstr("\"first_use_share\": 0.5")));
  const std::string page = trace_html(report);
  EXPECT_THAT(page, AllOf(HasSubstr("<h2>Popularity</h2><svg"), HasSubstr("<h2>Misses</h2><svg"), HasSubstr("<h2>Requests over time</h2><svg"),
                          HasSubstr("x&lt;y.csv"), testing::Not(HasSubstr("nan"))));
}

TEST(TraceReport, a_trace_without_requests_is_told_of) {
  const Trace none;
  const TraceReport report{"none", none, trace_info(none)};
  EXPECT_EQ(trace_text(report), "no requests\n");
  EXPECT_THAT(trace_json(report), HasSubstr("\"requests\": 0"));
  EXPECT_THAT(trace_html(report), testing::Not(HasSubstr("<svg")));
}

}  // namespace
}  // namespace genepool::cli

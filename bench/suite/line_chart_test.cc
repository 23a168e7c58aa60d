#include "suite/line_chart.h"

#include <gmock/gmock.h>

#include <array>
#include <cmath>

namespace genepool::bench {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

std::vector<std::string> ticks_of(Scale scale, const std::vector<double>& values) {
  std::vector<std::string> texts;
  const ChartAxis axis(scale, values);
  for (const double tick : axis.ticks()) texts.push_back(tick_text(tick));
  return texts;
}

TEST(ChartAxis, round_numbers_enclose_the_values) {
  EXPECT_THAT(ticks_of(Scale::kLinear, {3, 61}), ElementsAre("0", "20", "40", "60", "80"));
  EXPECT_THAT(ticks_of(Scale::kLinear, {0, 0.451}), ElementsAre("0", "0.1", "0.2", "0.3", "0.4", "0.5"));
  EXPECT_THAT(ticks_of(Scale::kLinear, {101, 103}), ElementsAre("101", "101.5", "102", "102.5", "103"));
  EXPECT_THAT(ticks_of(Scale::kLinear, {-0.2, 0.3}), ElementsAre("-0.2", "-0.1", "0", "0.1", "0.2", "0.3"));
  EXPECT_THAT(ticks_of(Scale::kLinear, {0, 5'000'000}), ElementsAre("0", "1M", "2M", "3M", "4M", "5M"));
}

TEST(ChartAxis, a_log_scale_has_decades_or_1_2_5) {
  EXPECT_THAT(ticks_of(Scale::kLog, {1, 20}), ElementsAre("1", "2", "5", "10", "20"));
  EXPECT_THAT(ticks_of(Scale::kLog, {3, 64}), ElementsAre("2", "5", "10", "20", "50", "100"));
  EXPECT_THAT(ticks_of(Scale::kLog, {1, 26'800}), ElementsAre("1", "10", "100", "1,000", "10k", "100k"));
  EXPECT_THAT(ticks_of(Scale::kLog, {0.001, 0.002}), ElementsAre("0.001", "0.002"));
}

TEST(ChartAxis, places_go_from_0_to_1) {
  const ChartAxis linear(Scale::kLinear, std::array<double, 2>{0, 10});
  EXPECT_DOUBLE_EQ(linear.place_of(2.5), 0.25);
  const ChartAxis log(Scale::kLog, std::array<double, 2>{1, 100});
  EXPECT_DOUBLE_EQ(log.place_of(1), 0);
  EXPECT_DOUBLE_EQ(log.place_of(10), 0.5);
  EXPECT_DOUBLE_EQ(log.place_of(100), 1);
}

TEST(ChartAxis, one_value_or_none_is_an_axis_too) {
  EXPECT_THAT(ticks_of(Scale::kLinear, {5}), ElementsAre("0", "1", "2", "3", "4", "5"));
  EXPECT_THAT(ticks_of(Scale::kLinear, {0}), ElementsAre("0", "0.2", "0.4", "0.6", "0.8", "1"));
  EXPECT_THAT(ticks_of(Scale::kLinear, {-4}), ElementsAre("-4", "-3", "-2", "-1", "0"));
  EXPECT_THAT(ticks_of(Scale::kLog, {10}), ElementsAre("10", "20"));
  EXPECT_THAT(ticks_of(Scale::kLog, {0, -1, NAN}), ElementsAre("1", "2"));
}

// The legend takes its least 90 and a gap of 16: the plot goes from x = 78 to 794 and from y = 368 up to 12.
TEST(LineChart, points_lie_where_the_axes_say) {
  const std::string svg = line_chart_svg({.series = {{"LRU", {{0, 0}, {5, 1}, {10, 2}}}}});
  EXPECT_THAT(svg, HasSubstr(R"(<polyline points="78.0,368.0 436.0,190.0 794.0,12.0 ")"));
  EXPECT_THAT(svg, HasSubstr("<title>LRU: 5, 1</title>"));
  EXPECT_THAT(svg, Not(HasSubstr("polygon")));
}

TEST(LineChart, a_band_goes_along_its_upper_edge_and_back) {
  const std::string svg = line_chart_svg({.series = {{"a", {{0, 1, 0, 2}, {10, 1, 0.5, 1.5}}}}});
  EXPECT_THAT(svg, HasSubstr(R"(<polygon points="78.0,12.0 794.0,101.0 794.0,279.0 78.0,368.0 ")"));
}

TEST(LineChart, what_has_no_place_is_left_out) {
  const std::string svg = line_chart_svg({.y_scale = Scale::kLog, .series = {{"a", {{1, 10}, {2, 0}, {3, NAN}, {4, 100}}}, {"none", {}}}});
  EXPECT_THAT(svg, HasSubstr(R"(<polyline points="257.0,368.0 794.0,12.0 ")"));
  EXPECT_THAT(svg, Not(HasSubstr("nan")));
  EXPECT_THAT(line_chart_svg({}), testing::AllOf(HasSubstr("</svg>"), Not(HasSubstr("nan"))));
}

TEST(LineChart, names_are_text) {
  const std::string svg = line_chart_svg({.x_label = "<x>", .y_label = "a&b", .series = {{"<b>", {{1, 1}}}}});
  EXPECT_THAT(svg, testing::AllOf(HasSubstr("&lt;x&gt;"), HasSubstr("a&amp;b"), HasSubstr("&lt;b&gt;: 1, 1"), Not(HasSubstr("<b>"))));
}

TEST(LineChart, an_eighth_series_is_told_apart_by_dashes) {
  LineChart chart;
  for (int i = 0; i < 7; ++i) chart.series.push_back({std::to_string(i), {{0, 1.0 * i}, {1, 1}}});
  EXPECT_THAT(line_chart_svg(chart), Not(HasSubstr("dasharray")));
  chart.series.push_back({"7", {{0, 7}, {1, 1}}});
  EXPECT_THAT(line_chart_svg(chart), HasSubstr(R"(stroke="#0072b2" stroke-width="2" stroke-dasharray="7 4")"));
}

}  // namespace
}  // namespace genepool::bench

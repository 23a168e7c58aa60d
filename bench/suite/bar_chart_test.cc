#include "suite/bar_chart.h"

#include <gmock/gmock.h>

namespace genepool::bench {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(BarChart, the_longest_fills_the_width_and_the_others_their_share) {
  const std::string svg = bar_chart_svg({{"ours", "10 ms", 10, 10, 10, true}, {"theirs", "40 ms", 40, 30, 40, false}});
  EXPECT_THAT(svg, HasSubstr(R"(class="ours" x="330" y="4" width="105.0")"));
  EXPECT_THAT(svg, HasSubstr(R"(class="peer" x="330" y="28" width="420.0")"));
  EXPECT_THAT(svg, HasSubstr(R"(<line x1="645.0" x2="750.0")"));
}

TEST(BarChart, a_long_name_is_not_cut) {
  const std::string svg = bar_chart_svg({{std::string(62, 'm'), "1 ms", 1, 1, 1, true}});
  EXPECT_THAT(svg, HasSubstr(R"(<text x="447" y="16" text-anchor="end">)"));
  EXPECT_THAT(svg, HasSubstr(R"(x="455" y="4" width="295.0")"));
}

TEST(BarChart, names_are_text_and_nothing_is_no_chart_of_infinities) {
  EXPECT_THAT(bar_chart_svg({{"<b>&", "", 0, 0, 0, false}}), HasSubstr("&lt;b&gt;&amp;"));
  EXPECT_THAT(bar_chart_svg({{"x", "", 0, 0, 0, false}}), Not(HasSubstr("nan")));
}

}  // namespace
}  // namespace genepool::bench

#include "suite/bar_chart.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "suite/html_page.h"

namespace genepool::bench {

std::string bar_chart_svg(const std::vector<Bar>& bars) {
  static constexpr double kWidth = 900, kValues = 150, kRow = 24, kLetter = 7.2, kLeastBars = 200;
  double largest = 0, labels = 330;  // pixels; a long label takes its room from the bars
  for (const Bar& bar : bars) {
    largest = std::max({largest, bar.value, bar.most});
    labels = std::max(labels, std::min(std::ceil(kLetter * static_cast<double>(bar.label.size())) + 8, kWidth - kValues - kLeastBars));
  }
  const double width = kWidth - kValues - labels;  // of the longest bar
  const auto width_of = [&](double value) { return largest > 0 ? value / largest * width : 0; };
  std::string svg = fmt::format(R"(<svg viewBox="0 0 {0} {1}" width="{0}" height="{1}" role="img">)", kWidth,
                                kRow * static_cast<double>(bars.size()));
  double y = 0;
  for (const Bar& bar : bars) {
    svg += fmt::format(R"(<text x="{}" y="{}" text-anchor="end">{}</text>)", labels - 8, y + 16, html_escaped(bar.label));
    svg += fmt::format(R"(<rect class="{}" x="{}" y="{}" width="{:.1f}" height="16"/>)", bar.is_ours ? "ours" : "peer", labels, y + 4,
                       width_of(bar.value));
    if (bar.most > bar.least) {
      svg += fmt::format(R"(<line x1="{:.1f}" x2="{:.1f}" y1="{}" y2="{}"/>)", labels + width_of(bar.least), labels + width_of(bar.most), y + 12, y + 12);
    }
    svg += fmt::format(R"(<text x="{:.1f}" y="{}">{}</text>)", labels + width_of(std::max(bar.value, bar.most)) + 8, y + 16, html_escaped(bar.value_text));
    y += kRow;
  }
  return svg + "</svg>";
}

}  // namespace genepool::bench

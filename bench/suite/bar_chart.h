// A horizontal bar chart as SVG text, for HTML reports: a bar for the median, a line for the spread. Thread: any, pure.
#pragma once

#include <string>
#include <vector>

namespace genepool::bench {

struct Bar {
  std::string label, value_text;
  double value = 0, least = 0, most = 0;
  bool is_ours = false;
};

[[nodiscard]] std::string bar_chart_svg(const std::vector<Bar>& bars);

}  // namespace genepool::bench

// Lines as SVG text, for HTML reports: axes with round numbers, a legend, shaded bands for confidence intervals. Self-contained,
// no script, no style from outside; few points get a dot that tells its values where the mouse rests. Thread: any, pure.
// Use:   line_chart_svg({.x_label = "places", .y_label = "miss ratio", .x_scale = Scale::kLog,
//                        .series = {{"LRU", {{3, 0.45}, {5, 0.27, 0.26, 0.28}}}}});
#pragma once

#include <string>
#include <vector>

#include "suite/chart_axis.h"

namespace genepool::bench {

struct ChartPoint {
  double x = 0, y = 0;
  double least = 0, most = 0;  // the band at x; most > least, or there is none
};

struct ChartSeries {
  std::string name;
  std::vector<ChartPoint> points;  // joined in this order; those without a place on a scale are left out
};

struct LineChart {
  std::string x_label, y_label;
  Scale x_scale = Scale::kLinear, y_scale = Scale::kLinear;
  std::vector<ChartSeries> series;
};

[[nodiscard]] std::string line_chart_svg(const LineChart& chart);

}  // namespace genepool::bench

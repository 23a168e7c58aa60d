#include "suite/line_chart.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "suite/html_page.h"

namespace genepool::bench {
namespace {

constexpr double kWidth = 900, kHeight = 420, kLeft = 78, kTop = 12, kBottom = 52, kLetter = 7.2;
constexpr double kLeastLegend = 90, kMostLegend = 320, kLegendLine = 40, kRow = 20;
constexpr std::size_t kMostDots = 32;  // of one series

// Told apart also by those who see few colours (Okabe, Ito 2008); a second round is dashed.
constexpr std::array<std::string_view, 7> kColours{"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#444"};
constexpr std::array<std::string_view, 4> kDashes{"", "7 4", "2 3", "9 3 2 3"};

std::string_view colour_of(std::size_t series) { return kColours.at(series % kColours.size()); }

std::string stroke_of(std::size_t series) {
  const std::string_view dash = kDashes.at(series / kColours.size() % kDashes.size());
  const std::string dashes = dash.empty() ? "" : fmt::format(R"( stroke-dasharray="{}")", dash);
  return fmt::format(R"(fill="none" stroke="{}" stroke-width="2"{})", colour_of(series), dashes);
}

double legend_width(const LineChart& chart) {
  std::size_t letters = 0;
  for (const ChartSeries& series : chart.series) letters = std::max(letters, series.name.size());
  return std::clamp(kLetter * static_cast<double>(letters) + kLegendLine, kLeastLegend, kMostLegend);
}

ChartAxis axis_of(const LineChart& chart, Scale scale, bool is_x) {
  std::vector<double> values;
  for (const ChartSeries& series : chart.series) {
    for (const ChartPoint& point : series.points) {
      values.push_back(is_x ? point.x : point.y);
      if (!is_x && point.most > point.least) values.insert(values.end(), {point.least, point.most});
    }
  }
  return {scale, values};
}

class Plot {
 public:
  explicit Plot(const LineChart& chart)
      : chart_(chart),
        x_(axis_of(chart, chart.x_scale, true)),
        y_(axis_of(chart, chart.y_scale, false)),
        right_(kWidth - legend_width(chart) - 16) {}

  [[nodiscard]] std::string svg() const {
    std::string svg = fmt::format(
        R"(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0} {1}" width="{0}" height="{1}" role="img" font-family="system-ui,sans-serif" font-size="13">)",
        kWidth, kHeight);
    svg += grid();
    for (std::size_t i = 0; i < chart_.series.size(); ++i) svg += band(i);  // below all lines
    for (std::size_t i = 0; i < chart_.series.size(); ++i) svg += line(i);
    for (std::size_t i = 0; i < chart_.series.size(); ++i) svg += legend(i);
    return svg + "</svg>";
  }

 private:
  [[nodiscard]] double at_x(double x) const { return kLeft + x_.place_of(x) * (right_ - kLeft); }
  [[nodiscard]] double at_y(double y) const { return kHeight - kBottom - y_.place_of(y) * (kHeight - kBottom - kTop); }
  [[nodiscard]] bool is_shown(const ChartPoint& point) const {
    return has_place(chart_.x_scale, point.x) && has_place(chart_.y_scale, point.y);
  }

  [[nodiscard]] std::string grid() const {
    std::string svg = fmt::format(R"(<rect x="{}" y="{}" width="{:.1f}" height="{}" fill="none" stroke="#888"/>)", kLeft, kTop, right_ - kLeft,
                                  kHeight - kBottom - kTop);
    for (const double tick : x_.ticks()) {
      svg += fmt::format(R"(<path d="M{0:.1f} {1}V{2}" stroke="#ddd"/><text x="{0:.1f}" y="{3}" text-anchor="middle">{4}</text>)", at_x(tick),
                         kTop, kHeight - kBottom, kHeight - kBottom + 18, tick_text(tick));
    }
    for (const double tick : y_.ticks()) {
      svg += fmt::format(R"(<path d="M{0} {1:.1f}H{2:.1f}" stroke="#ddd"/><text x="{3}" y="{4:.1f}" text-anchor="end">{5}</text>)", kLeft,
                         at_y(tick), right_, kLeft - 8, at_y(tick) + 4.5, tick_text(tick));
    }
    return svg + fmt::format(R"(<text x="{0:.1f}" y="{1}" text-anchor="middle">{2}</text>)"
                             R"svg(<text transform="translate(16 {3:.1f}) rotate(-90)" text-anchor="middle">{4}</text>)svg",
                             (kLeft + right_) / 2, kHeight - 10, html_escaped(chart_.x_label), (kTop + kHeight - kBottom) / 2,
                             html_escaped(chart_.y_label));
  }

  // Along the upper edge and back along the lower; a point without a band narrows it to the line.
  [[nodiscard]] std::string band(std::size_t series) const {
    std::string edge;
    std::vector<std::string> lower;
    bool has_width = false;
    for (const ChartPoint& point : chart_.series[series].points) {
      if (!is_shown(point)) continue;
      const bool is_wide = point.most > point.least && has_place(chart_.y_scale, point.least) && has_place(chart_.y_scale, point.most);
      has_width = has_width || is_wide;
      edge += fmt::format("{:.1f},{:.1f} ", at_x(point.x), at_y(is_wide ? point.most : point.y));
      lower.push_back(fmt::format("{:.1f},{:.1f} ", at_x(point.x), at_y(is_wide ? point.least : point.y)));
    }
    if (!has_width) return "";
    for (auto point = lower.rbegin(); point != lower.rend(); ++point) edge += *point;
    return fmt::format(R"(<polygon points="{}" fill="{}" fill-opacity="0.18" stroke="none"/>)", edge, colour_of(series));
  }

  [[nodiscard]] std::string line(std::size_t series) const {
    const ChartSeries& drawn = chart_.series[series];
    std::string points, dots;
    for (const ChartPoint& point : drawn.points) {
      if (!is_shown(point)) continue;
      points += fmt::format("{:.1f},{:.1f} ", at_x(point.x), at_y(point.y));
      if (drawn.points.size() > kMostDots) continue;
      dots += fmt::format(R"(<circle cx="{:.1f}" cy="{:.1f}" r="3" fill="{}"><title>{}: {:.4g}, {:.4g}</title></circle>)", at_x(point.x),
                          at_y(point.y), colour_of(series), html_escaped(drawn.name), point.x, point.y);
    }
    if (points.empty()) return "";
    return fmt::format(R"(<polyline points="{}" {}/>)", points, stroke_of(series)) + dots;
  }

  [[nodiscard]] std::string legend(std::size_t series) const {
    const double x = right_ + 12, y = kTop + 10 + kRow * static_cast<double>(series);
    return fmt::format(R"(<path d="M{:.1f} {}h22" {}/><text x="{:.1f}" y="{}">{}</text>)", x, y, stroke_of(series), x + 28, y + 4.5,
                       html_escaped(chart_.series[series].name));
  }

  const LineChart& chart_;
  ChartAxis x_, y_;
  double right_;  // of the plot, in pixels; the legend stands beyond
};

}  // namespace

std::string line_chart_svg(const LineChart& chart) { return Plot(chart).svg(); }

}  // namespace genepool::bench

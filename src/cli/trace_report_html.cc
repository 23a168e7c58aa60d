#include <fmt/format.h>

#include <cmath>

#include "cli/trace_report.h"
#include "suite/html_page.h"
#include "suite/line_chart.h"

namespace genepool::cli {
namespace {

using bench::ChartSeries;
using bench::LineChart;
using bench::Scale;

std::string section(std::string_view title, const LineChart& chart) {
  return bench::html_section(title, bench::line_chart_svg(chart));
}

// On a log scale far ranks lie within a pixel of each other: ranks a hundredth apart tell all.
ChartSeries popularity(const Trace& trace) {
  constexpr double kStep = 1.01;
  const std::vector<std::uint64_t> uses = uses_by_rank(trace);
  ChartSeries series{"requests", {}};
  double next = 1;
  for (std::size_t i = 0; i < uses.size(); ++i) {
    const auto rank = static_cast<double>(i + 1);
    if (rank < next && i + 1 < uses.size()) continue;
    series.points.push_back({rank, static_cast<double>(uses[i])});
    next = rank * kStep;
  }
  return series;
}

// rank^-a through the same number of requests.
ChartSeries fitted(const TraceInfo& info) {
  double weights = 0;
  for (std::uint64_t rank = 1; rank <= info.genomes; ++rank) weights += std::pow(static_cast<double>(rank), -info.rank_exponent);
  const double first = static_cast<double>(info.requests) / weights;
  const auto last = static_cast<double>(info.genomes);
  return {fmt::format("rank^-{:.2f}", info.rank_exponent), {{1, first}, {last, first * std::pow(last, -info.rank_exponent)}}};
}

LineChart miss_ratios(const TraceInfo& info) {
  ChartSeries lru{"LRU", {}}, min{"MIN", {}};
  for (std::size_t places = 1; places < info.lru_curve.size(); ++places) {
    lru.points.push_back({static_cast<double>(places), info.lru_curve[places]});
  }
  for (std::size_t i = 0; i < kInfoPlaces.size(); ++i) min.points.push_back({static_cast<double>(kInfoPlaces[i]), info.min[i]});
  return {.x_label = "places (log)", .y_label = "misses of all requests", .x_scale = Scale::kLog, .series = {std::move(lru), std::move(min)}};
}

LineChart over_time(const Trace& trace) {
  const RequestsOverTime parts = requests_over_time(trace);
  ChartSeries series{"requests", {}};
  for (std::size_t i = 0; i < parts.requests.size(); ++i) {
    series.points.push_back({(static_cast<double>(i) + 0.5) * parts.part_h, static_cast<double>(parts.requests[i]) / parts.part_h});
  }
  return {.x_label = "hours since the trace began", .y_label = "requests per hour", .series = {std::move(series)}};
}

}  // namespace

std::string trace_html(const TraceReport& report) {
  std::string body;
  if (report.info.requests > 0) {
    body += section("Popularity", {.x_label = "rank of the genome (log)",
                                   .y_label = "requests (log)",
                                   .x_scale = Scale::kLog,
                                   .y_scale = Scale::kLog,
                                   .series = {popularity(report.trace), fitted(report.info)}});
    body += section("Misses", miss_ratios(report.info));
    body += section("Requests over time", over_time(report.trace));
  }
  return bench::html_page("Trace " + report.name, trace_text(report), body);
}

}  // namespace genepool::cli

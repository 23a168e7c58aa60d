// The page of `simulate --html`: the text that the terminal shows, and plots.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "cli/simulate_views.h"
#include "suite/bar_chart.h"
#include "suite/html_page.h"
#include "suite/line_chart.h"

namespace genepool::cli {
namespace {

using bench::ChartSeries;
using bench::LineChart;
using bench::Scale;
using Part = Timeline::Part;

// One line for each contender: what `value` says of each part that has any.
template <class Value>
std::string over_time(std::string_view title, std::string_view y_label, const std::vector<Contest>& contests, Value value) {
  LineChart chart{.x_label = "hours since the first request", .y_label = std::string(y_label)};
  for (const Contest& contest : contests) {
    const Timeline& timeline = contest.result.timeline;
    ChartSeries series{contest.contender.name, {}};
    for (std::size_t i = 0; i < timeline.parts().size(); ++i) {
      const std::optional<double> y = value(timeline.parts()[i], timeline.part_seconds());
      if (y) series.points.push_back({(static_cast<double>(i) + 0.5) * timeline.part_seconds() / 3600, *y});
    }
    chart.series.push_back(std::move(series));
  }
  return bench::html_section(title, bench::line_chart_svg(chart));
}

std::optional<double> share_of(std::uint64_t some, std::uint64_t all) {
  return all == 0 ? std::nullopt : std::optional(static_cast<double>(some) / static_cast<double>(all));
}

// How many requests took longer than how long: tails show on log scales.
ChartSeries tail_of(std::string name, const Quantiles& times) {
  ChartSeries series{std::move(name), {}};
  const double least = std::max(1e-4, 1 / static_cast<double>(std::max<std::uint64_t>(times.count(), 1)));
  for (double longer = 0.99; longer >= least; longer /= 1.1) series.points.push_back({longer, times.at(1 - longer) * 1e3});
  return series;
}

std::string tails(std::string_view title, std::vector<ChartSeries> series) {
  return bench::html_section(title, bench::line_chart_svg({.x_label = "share of requests that took longer (log)",
                                                           .y_label = "ms (log)",
                                                           .x_scale = Scale::kLog,
                                                           .y_scale = Scale::kLog,
                                                           .series = std::move(series)}));
}

std::string latencies(const std::vector<Contest>& contests) {
  if (contests.size() == 1) {
    const SimulationResult& r = contests.front().result;
    return tails("Latency", {tail_of("to grant", r.grant), tail_of("to first token", r.first_token), tail_of("total", r.total)});
  }
  std::vector<ChartSeries> grant, total;
  for (const Contest& contest : contests) {
    grant.push_back(tail_of(contest.contender.name, contest.result.grant));
    total.push_back(tail_of(contest.contender.name, contest.result.total));
  }
  return tails("Latency: to grant", std::move(grant)) + tails("Latency: total", std::move(total));
}

std::string ratios(const std::vector<Contest>& contests) {
  std::vector<bench::Bar> bars;
  for (const Contest& c : contests) {
    bars.push_back({.label = c.contender.name,
                    .value_text = c.has_interval ? fmt::format("{:.3f} ({:.3f} to {:.3f})", c.ratio, c.least, c.most) : fmt::format("{:.3f}", c.ratio),
                    .value = c.ratio,
                    .least = c.least,
                    .most = c.most,
                    .is_ours = c.contender.policy == PolicyKind::kTournament});
  }
  return bench::html_section(fmt::format("Misses of those of {}, with 95 % intervals", contests.front().contender.name), bench::bar_chart_svg(bars));
}

}  // namespace

std::string simulation_html(const SimulatedTrace& trace, const std::vector<Contest>& contests, std::string_view text) {
  std::string body;
  if (trace.requests > 0) {
    if (contests.size() > 1) body += ratios(contests);
    body += over_time("Misses over time", "misses of all requests", contests, [](const Part& part, double) { return share_of(part.misses, part.requests); });
    body += over_time("HOT over time", "genomes HOT, mean", contests, [](const Part& part, double seconds) {
      return seconds > 0 ? std::optional(part.slot_seconds / seconds) : std::nullopt;
    });
    if (std::ranges::any_of(contests, [](const Contest& c) { return c.result.refused > 0; })) {
      body += over_time("Refused over time", "refused of all requests", contests, [](const Part& part, double) { return share_of(part.refused, part.requests); });
    }
    body += latencies(contests);
  }
  return bench::html_page("Simulation of " + trace.name, text, body);
}

}  // namespace genepool::cli

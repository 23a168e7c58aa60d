#include "cli/trace_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>

#include "cli/table.h"

namespace genepool::cli {
namespace {

constexpr int kCurveRows = 8;
constexpr double kSecondsOfHour = 3600;

std::string percent(double share) { return fmt::format("{:.1f} %", 100 * share); }

std::string rate_text(const TraceInfo& info) {
  if (info.duration_s <= 0) return "";
  return fmt::format(", {:.3g} a minute", 60 * static_cast<double>(info.requests) / info.duration_s);
}

std::string sessions_text(const SessionInfo& sessions) {
  return fmt::format("{} of {:.1f} requests", human_count(sessions.sessions), sessions.mean_requests);
}

std::string users_text(const TraceInfo& info) {
  if (info.users == 0) return "not told";
  return fmt::format("{}, {} of their later requests are for the genome they asked for last", human_count(info.users),
                     percent(info.same_as_last));
}

std::string facts_text(const TraceInfo& info) {
  const std::string by_user = info.users == 0 ? "" : "; by user " + sessions_text(info.by_user);
  return fmt::format("requests     {} in {}{}\n", human_count(info.requests), human_span(1000 * info.duration_s), rate_text(info)) +
         fmt::format("genomes      {}; the first 1, 5, 10 take {}, {}, {}; rank exponent {:.2f}\n", human_count(info.genomes),
                     percent(info.top_1_share), percent(info.top_5_share), percent(info.top_10_share), info.rank_exponent) +
         fmt::format("first uses   {} of the requests: nothing avoids these loads\n", percent(info.first_use_share)) +
         fmt::format("users        {}\n", users_text(info)) +
         fmt::format("sessions     by genome {}{} (a pause of {} ends one)\n", sessions_text(info.by_genome), by_user,
                     human_span(1000 * kSessionGapSeconds)) +
         fmt::format("bursts       gaps vary by {:.2f} (1 = Poisson), requests of a minute by {:.2f} (1 = Poisson)\n", info.gap_cv, info.dispersion);
}

}  // namespace

std::string curve_text(const std::vector<double>& miss_ratios, int rows) {
  static constexpr std::array<std::string_view, 9> kBlocks{" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  constexpr int kParts = static_cast<int>(kBlocks.size()) - 1;
  std::string text;
  for (int row = rows - 1; row >= 0; --row) {
    text += fmt::format("{:>5} |", row == rows - 1 ? "100 %" : "");
    for (std::size_t places = 1; places < miss_ratios.size(); ++places) {
      const int filled = static_cast<int>(std::lround(miss_ratios[places] * rows * kParts)) - row * kParts;
      text += kBlocks.at(static_cast<std::size_t>(std::clamp(filled, 0, kParts)));
    }
    text.erase(text.find_last_not_of(' ') + 1);
    text += '\n';
  }
  std::string marks;
  for (std::size_t places = 1; places < miss_ratios.size(); ++places) {
    const bool is_marked = places == 1 || places % 10 == 0;
    const std::size_t column = places - 1;
    if (is_marked) marks.resize(std::max(marks.size(), column), ' '), marks += std::to_string(places);
  }
  return text + fmt::format("{:>5} +{}\n       {}\n", "0 %", std::string(miss_ratios.empty() ? 0 : miss_ratios.size() - 1, '-'), marks);
}

RequestsOverTime requests_over_time(const Trace& trace) {
  RequestsOverTime parts;
  if (trace.requests.empty()) return parts;
  const double hours = trace.requests.back().t_seconds / kSecondsOfHour;
  parts.part_h = std::max(1.0, std::ceil((hours + 1) / static_cast<double>(kMostParts)));
  parts.requests.resize(static_cast<std::size_t>(hours / parts.part_h) + 1);
  for (const TraceRequest& request : trace.requests) {
    ++parts.requests[static_cast<std::size_t>(request.t_seconds / kSecondsOfHour / parts.part_h)];
  }
  return parts;
}

std::vector<std::uint64_t> uses_by_rank(const Trace& trace) {
  std::vector<std::uint64_t> uses(trace.genomes.size());
  for (const TraceRequest& request : trace.requests) ++uses[request.genome];
  std::ranges::sort(uses, std::greater<>());
  return uses;
}

std::string trace_text(const TraceReport& report) {
  const TraceInfo& info = report.info;
  if (info.requests == 0) return "no requests\n";
  Table table({"PLACES", "LRU MISSES", "MIN MISSES"});
  for (std::size_t i = 0; i < kInfoPlaces.size(); ++i) {
    table.add({std::to_string(kInfoPlaces[i]), percent(info.lru[i]), percent(info.min[i])});
  }
  return facts_text(info) + "\n" + table.text(Colours::kPlain) + "\nLRU misses of all requests, by places\n" +
         curve_text(info.lru_curve, kCurveRows);
}

}  // namespace genepool::cli

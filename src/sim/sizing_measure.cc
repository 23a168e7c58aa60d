#include "sim/sizing_measure.h"

#include <fmt/format.h>

#include "sim/sizing_trial.h"
#include "trace/generate.h"

namespace genepool {
namespace {

using Phases = std::vector<TraceOptions::Phase>;

Trace trace_of(std::string_view profile, const TraceOptions& options) {
  return generate(*find_profile(profile), options).value();
}

SizingPriceRow measure_price(std::string_view profile, std::uint32_t slots, std::uint64_t seeds) {
  SizingPriceRow row{.profile = profile, .slots = slots};
  double law = 0, founding = 0, fixed = 0;
  const auto share = 1 / static_cast<double>(seeds);
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    const Trace trace = trace_of(profile, {.seed = seed});
    const SlotUse use = slot_use(trace, 0);
    const double price = price_for(use, slots);
    const SizingTrial trial = try_sizing(trace, price, {.most = kMostTrialSlots});
    law += trial.cost;
    founding += try_founding(trace, price).cost;
    fixed += best_fixed(use, price).cost;
    row.free_reversals_per_hour += share * trial.reversals_per_hour();
    row.reversals_per_hour += share * try_sizing(trace, price, {}).reversals_per_hour();
  }
  row.cost_ratio = law / fixed;
  row.founding_ratio = founding / fixed;
  return row;
}

// The low load is 0.003 conversations a second, and the high one the profile's own, which is 3.5 times that.
constexpr double kLowRate = 0.003;
constexpr std::uint64_t kLowRequests = 6'000, kHighRequests = 20'000;
constexpr std::uint32_t kHighSlots = 8;  // the best size at the high load

SizingStepRow measure_step(std::string_view profile, bool is_up, double speed, std::uint64_t seeds) {
  SizingStepRow row{.profile = profile, .is_up = is_up};
  const TraceOptions::Phase low{kLowRequests, kLowRate}, high{kHighRequests, find_profile(profile)->rate};
  const Phases phases = is_up ? Phases{low, high} : Phases{high, low};
  const std::size_t step = phases.front().requests;
  const auto share = 1 / static_cast<double>(seeds);
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    const Trace trace = trace_of(profile, {.seed = seed, .has_day = false, .phases = phases, .speed = speed});
    const SlotUse after = slot_use(trace, step);
    Trace before = trace;
    before.requests.resize(step);
    const double price = price_for(is_up ? after : slot_use(before, 0), kHighSlots);
    const SizingTrial trial = try_sizing(trace, price, {.most = kMostTrialSlots});
    const Arrival found = arrival(trace, trial, step, best_fixed(after, price).slots);
    row.arrived += found.has_arrived ? 1 : 0;
    row.minutes += share * found.minutes;
    row.requests += share * found.requests;
    row.requests_per_min += share * static_cast<double>(phases.back().requests) / after.seconds * 60;
  }
  return row;
}

}  // namespace

std::vector<SizingPriceRow> measure_sizing_prices(std::uint64_t seeds) {
  std::vector<SizingPriceRow> rows;
  for (const char* profile : {"model-skew", "persona-sessions", "drift"}) {
    for (const std::uint32_t slots : {4U, 8U, 14U}) rows.push_back(measure_price(profile, slots, seeds));
  }
  return rows;
}

std::vector<SizingStepRow> measure_sizing_steps(std::uint64_t seeds) {
  std::vector<SizingStepRow> rows;
  for (const char* profile : {"model-skew", "persona-sessions"}) {
    for (const double speed : {1.0, 10.0}) {
      for (const bool is_up : {true, false}) rows.push_back(measure_step(profile, is_up, speed, seeds));
    }
  }
  return rows;
}

std::string sizing_table(const std::vector<SizingPriceRow>& prices, const std::vector<SizingStepRow>& steps) {
  std::string text;
  if (!prices.empty()) {
    text += fmt::format("{:<18}{:>12}{:>13}{:>18}{:>14}{:>12}\n", "profile", "best slots", "law / fixed", "founding / fixed",
                        "reversals/h", "up to 20");
  }
  for (const SizingPriceRow& row : prices) {
    text += fmt::format("{:<18}{:>12}{:>13.3f}{:>18.3f}{:>14.2f}{:>12.2f}\n", row.profile, row.slots, row.cost_ratio,
                        row.founding_ratio, row.reversals_per_hour, row.free_reversals_per_hour);
  }
  if (!steps.empty()) {
    text += fmt::format("{:<18}{:>12}{:>14}{:>10}{:>10}\n", "profile", "step x3.5", "requests/min", "minutes", "requests");
  }
  for (const SizingStepRow& row : steps) {
    text += fmt::format("{:<18}{:>12}{:>14.1f}{:>10.0f}{:>10.0f}\n", row.profile, row.is_up ? "up" : "down", row.requests_per_min,
                        row.minutes, row.requests);
  }
  return text;
}

}  // namespace genepool

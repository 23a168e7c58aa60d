#include "suite/chart_axis.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "cli/table.h"

namespace genepool::bench {
namespace {

constexpr double kWantedTicks = 6;
constexpr double kNearly = 1e-9;  // of a step: what rounding leaves

// The smallest 1, 2 or 5 times a power of ten that is not below `step`.
double round_step(double step) {
  const double power = std::pow(10, std::floor(std::log10(step)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= step * (1 - kNearly)) return factor * power;
  }
  return 10 * power;
}

}  // namespace

bool has_place(Scale scale, double value) { return std::isfinite(value) && (scale == Scale::kLinear || value > 0); }

ChartAxis::ChartAxis(Scale scale, std::span<const double> values) : scale_(scale) {
  double least = INFINITY, most = -INFINITY;
  for (const double value : values) {
    if (!has_place(scale, value)) continue;
    least = std::min(least, value);
    most = std::max(most, value);
  }
  if (least > most) least = most = 1;
  if (scale == Scale::kLog) {
    set_log(least, most);
  } else {
    set_linear(least, most);
  }
}

void ChartAxis::set_linear(double least, double most) {
  if (least > 0 && least < most - least) least = 0;
  if (least == most) (least > 0 ? least : most) = least == 0 ? 1 : 0;  // one value: the axis goes from 0 to it
  const double step = round_step((most - least) / kWantedTicks);
  const double first = std::floor(least / step + kNearly), last = std::ceil(most / step - kNearly);
  for (double i = first; i <= last; ++i) ticks_.push_back(i * step);
  least_ = first * step;
  most_ = last * step;
}

// Whole decades where there are many, 1, 2 and 5 of each where there are few.
void ChartAxis::set_log(double least, double most) {
  const double decades = std::log10(most / least);
  const double apart = std::max(1.0, std::ceil(decades / kWantedTicks));
  const bool is_short = decades < kWantedTicks / 2;
  const double first = std::floor(std::log10(least) + kNearly), last = std::ceil(std::log10(most) - kNearly) + (least == most ? 1 : 0);
  for (double power = first; power <= last; power += apart) {
    for (const double factor : {1.0, 2.0, 5.0}) {
      if (factor == 1 || is_short) ticks_.push_back(factor * std::pow(10, power));
    }
  }
  // The round numbers just outside are the axis' ends; ticks beyond them are not needed.
  const auto begin = std::find_if(ticks_.rbegin(), ticks_.rend(), [&](double tick) { return tick <= least * (1 + kNearly); });
  if (begin != ticks_.rend()) ticks_.erase(ticks_.begin(), begin.base() - 1);
  const auto end = std::ranges::find_if(ticks_, [&](double tick) { return tick >= most * (1 - kNearly) && tick > ticks_.front(); });
  if (end != ticks_.end()) ticks_.erase(end + 1, ticks_.end());
  least_ = ticks_.front();
  most_ = std::max(ticks_.back(), most);
}

double ChartAxis::place_of(double value) const {
  if (scale_ == Scale::kLog) return std::log(value / least_) / std::log(most_ / least_);
  return (value - least_) / (most_ - least_);
}

std::string tick_text(double value) {
  const double size = std::abs(value);
  if (size >= 1e10) return fmt::format("{:.3g}", value);
  if (size >= 1e6) return fmt::format("{:g}M", value / 1e6);
  if (size >= 1e4) return fmt::format("{:g}k", value / 1e3);
  if (value >= 1e3 && value == std::floor(value)) return cli::human_count(static_cast<std::uint64_t>(value));
  return fmt::format("{:.4g}", value);
}

}  // namespace genepool::bench

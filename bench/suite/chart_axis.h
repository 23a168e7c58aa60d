// ChartAxis: where a value lies on an axis, and the round numbers that are written beside it. Thread: a value, pure.
// Use:   const ChartAxis axis(Scale::kLog, {1, 5, 64});
//        axis.place_of(8)   0 at the axis' least, 1 at its most
#pragma once

#include <span>
#include <string>
#include <vector>

namespace genepool::bench {

enum class Scale { kLinear, kLog };

// A log scale has no place for 0 and less, no scale one for NaN and the infinities.
[[nodiscard]] bool has_place(Scale scale, double value);

class ChartAxis {
 public:
  // Around `values`, those without a place left out, out to round numbers; a linear axis begins at 0 where that wastes less
  // than half of it.
  ChartAxis(Scale scale, std::span<const double> values);

  // Requires: has_place().
  [[nodiscard]] double place_of(double value) const;
  [[nodiscard]] const std::vector<double>& ticks() const { return ticks_; }

 private:
  void set_linear(double least, double most);
  void set_log(double least, double most);

  Scale scale_;
  double least_ = 0, most_ = 1;
  std::vector<double> ticks_;
};

[[nodiscard]] std::string tick_text(double value);  // "0", "0.25", "1,500", "20k", "3M", "1e-05"

}  // namespace genepool::bench

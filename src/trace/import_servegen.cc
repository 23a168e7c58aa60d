// ServeGen: a file for each client, a line for each window of 600 s: its start (s), rate (1/s), CV of the gaps, family of their
// distribution, shape and scale. The arrivals are drawn: a renewal process whose gaps have the window's distribution,
// rescaled to its rate; what is left of a gap at a window's end goes on in the next one.
#include <algorithm>
#include <array>
#include <cmath>

#include "trace/csv_table.h"
#include "trace/distributions.h"
#include "trace/importers.h"

namespace genepool {
namespace {

enum Column : std::size_t { kStart, kRate, kCv, kFamily, kShape };
constexpr std::array<CsvColumn, 6> kColumns{{{"start"}, {"rate"}, {"cv"}, {"family"}, {"shape"}, {"scale"}}};
constexpr double kWindowSeconds = 600;
constexpr double kMaxRate = 1e6;
constexpr double kLeastCv = 0.3, kMostCv = 8;                        // fits of a few gaps stray beyond all reason
constexpr double kLeastWeibullShape = 0.255, kMostWeibullShape = 3.7;  // those CVs

struct Window {
  double start = 0, rate = 0;  // s, 1/s
  bool is_weibull = false;
  double shape = 1;
};

double mean_1_gap(Random& random, const Window& window) {
  if (window.is_weibull) return weibull(random, window.shape) / std::tgamma(1 + 1 / window.shape);
  return gamma(random, window.shape) / window.shape;
}

Result<double> gamma_shape(const CsvTable& table) {
  if (table.text(kFamily) == "Gamma") return table.number(kShape, 0, 1e9);
  if (!table.has(kCv)) return 1;
  GENEPOOL_TRY(const double cv, table.number(kCv, 0, 1e9));
  return cv > 0 ? 1 / (cv * cv) : 1;
}

Result<Window> window_of(const CsvTable& table, double rate_factor) {
  Window window{.is_weibull = table.text(kFamily) == "Weibull"};
  GENEPOOL_TRY(window.start, table.number(kStart, 0, kMaxTraceSeconds - kWindowSeconds));
  GENEPOOL_TRY(window.rate, table.number(kRate, 0, kMaxRate));
  window.rate *= rate_factor;
  if (window.is_weibull) {
    GENEPOOL_TRY(const double shape, table.number(kShape, 0, 1e9));
    window.shape = std::clamp(shape, kLeastWeibullShape, kMostWeibullShape);
    return window;
  }
  if (table.has(kFamily) && table.text(kFamily) != "Gamma") return table.bad_value(kFamily, "Gamma or Weibull");
  GENEPOOL_TRY(const double shape, gamma_shape(table));
  window.shape = std::clamp(shape, 1 / (kMostCv * kMostCv), 1 / (kLeastCv * kLeastCv));
  return window;
}

class Client {
 public:
  Client(const TraceInput& input, Random& random, TraceBuilder& builder)
      : name_(input.name), table_(*input.in, kColumns), random_(random), builder_(builder) {}

  Result<void> draw(double rate_factor) {
    while (true) {
      GENEPOOL_TRY(const bool is_there, table_.next());
      if (!is_there) break;
      GENEPOOL_TRY(const Window window, window_of(table_, rate_factor));
      if (window.start < end_) return table_.bad_row("the window begins before the one above ends");
      end_ = window.start + kWindowSeconds;
      GENEPOOL_TRY_VOID(table_.at_line(draw_window(window)));
    }
    if (table_.was_cut()) builder_.skip_row();
    return {};
  }

 private:
  Result<void> draw_window(const Window& window) {
    if (window.rate <= 0) return {};
    double t = window.start;
    while (true) {
      if (!left_) left_ = mean_1_gap(random_, window);
      if (t + *left_ / window.rate > end_) break;
      t += *left_ / window.rate;
      left_.reset();
      GENEPOOL_TRY_VOID(builder_.add({.t_seconds = t, .genome = name_}));
    }
    *left_ -= (end_ - t) * window.rate;
    return {};
  }

  std::string_view name_;
  CsvTable table_;
  Random& random_;
  TraceBuilder& builder_;
  double end_ = 0;              // of the last window
  std::optional<double> left_;  // of the gap under way, in mean gaps
};

}  // namespace

Result<ReadTrace> import_servegen(std::span<const TraceInput> inputs, const ImportOptions& options) {
  Random random(options.seed);
  TraceBuilder builder;
  for (const TraceInput& input : inputs) {
    auto drawn = Client(input, random, builder).draw(options.rate_factor);
    if (!drawn) return fail(drawn.error().code, "{}: {}", input.name, drawn.error().message);
  }
  GENEPOOL_TRY(ReadTrace read, std::move(builder).finish(TraceBuilder::Times::kFromFirst));
  read.rows_moved = 0;  // one client after the other: no disorder
  return read;
}

}  // namespace genepool

#include "sim/sizing_targets.h"

#include <fmt/format.h>

#include "sim/miss_grid.h"
#include "sim/sizing_measure.h"

namespace genepool {

std::vector<TargetRow> sizing_targets(const TargetProgress& progress) {
  std::vector<TargetRow> rows;
  progress("S1, S3", 0, 2);
  for (const SizingPriceRow& price : measure_sizing_prices(kSeeds)) {
    rows.push_back({"S1", fmt::format("sizing law / best fixed size, {}, where {} places are best (the founding rule {:.2f})", price.profile, price.slots, price.founding_ratio),
                    "<= 1.00", fmt::format("{:.3f}", price.cost_ratio), price.cost_ratio <= 1 ? Verdict::kMet : Verdict::kMissed});
    rows.push_back({"S3", fmt::format("reversals an hour, {}, where {} places are best", price.profile, price.slots), "<= 1",
                    fmt::format("{:.2f} (up to 20 places {:.2f})", price.reversals_per_hour, price.free_reversals_per_hour),
                    price.reversals_per_hour <= 1 ? Verdict::kMet : Verdict::kMissed});
  }
  progress("S2", 1, 2);
  for (const SizingStepRow& step : measure_sizing_steps(kSeeds)) {
    rows.push_back({"S2", fmt::format("load {} 3.5 x to {:.1f} requests/min, {}: within one place of the new best", step.is_up ? "up" : "down", step.requests_per_min, step.profile),
                    step.requests_per_min >= 25 ? "<= 30 min" : "<= 550 requests", fmt::format("{:.0f} min, {:.0f} requests", step.minutes, step.requests),
                    step.is_met(kSeeds) ? Verdict::kMet : Verdict::kMissed});
  }
  return rows;
}

}  // namespace genepool

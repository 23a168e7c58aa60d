#include "suite/costs_of_limits.h"

#include <algorithm>
#include <cmath>

namespace genepool::bench {
namespace {

constexpr double kMib = 1024.0 * 1024;

// The samples' quantiles in seconds, each divided by `per`.
Result<StageQuantiles> quantiles_of(const SuiteResult& result, std::string_view row, double per = 1) {
  const auto it = std::ranges::find(result.rows, row, &Measurement::id);
  if (it == result.rows.end() || it->samples.empty()) return fail(Code::kConflict, "{} was not measured, so there are no costs to write", row);
  std::vector<double> sorted = it->samples;
  std::ranges::sort(sorted);
  StageQuantiles quantiles;
  for (std::size_t i = 0; i < quantiles.at.size(); ++i) {
    const double place = static_cast<double>(i) / static_cast<double>(quantiles.at.size() - 1) * static_cast<double>(sorted.size() - 1);
    const auto below = static_cast<std::size_t>(place);
    const double above = sorted[std::min(below + 1, sorted.size() - 1)];
    quantiles.at[i] = std::lerp(sorted[below], above, place - static_cast<double>(below)) / 1e3 / per;
  }
  return quantiles;
}

}  // namespace

Result<StageCosts> costs_of_limits(const SuiteResult& result, const Workload& workload) {
  const double layer_mib = static_cast<double>(workload.layer_bytes) / static_cast<double>(workload.layers.size()) / kMib;
  StageCosts costs;
  GENEPOOL_TRY(costs.layer_load_mib, quantiles_of(result, "layer_load_disk", layer_mib));
  GENEPOOL_TRY(costs.fuse_mib, quantiles_of(result, "layer_stack", layer_mib));
  GENEPOOL_TRY(costs.spawn, quantiles_of(result, "warm_acquire"));  // the page is there: what is left is to start its worker
  GENEPOOL_TRY(costs.probe, quantiles_of(result, "hot_acquire"));
  GENEPOOL_TRY(costs.teardown, quantiles_of(result, "process_teardown"));
  GENEPOOL_TRY(costs.prefill_token, quantiles_of(result, "prefill_token"));
  GENEPOOL_TRY(costs.decode_token, quantiles_of(result, "decode_token"));
  // A genome alone may have all cores: then two at once are slower however many there are.
  const auto two = std::ranges::find(result.rows, "answer_of_two", &Measurement::id);
  if (two == result.rows.end() || two->samples.empty()) return fail(Code::kConflict, "two genomes at once were not measured");
  costs.cores = 2 / std::clamp(median_of(two->samples), 1.0, 2.0);
  return costs;
}

}  // namespace genepool::bench

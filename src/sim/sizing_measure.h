// The targets of sizing, measured: S1 the law against the best fixed size and S3 how often it turns back, on three profiles at
// the prices that make 4, 8 and 14 slots best; S2 how long it takes to follow a step of the load by 3.5.
// Deterministic; a second on one core for 8 seeds. Thread: any.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace genepool {

struct SizingPriceRow {
  std::string_view profile;
  std::uint32_t slots = 0;         // the best fixed size at this price
  double cost_ratio = 0;           // law / best fixed size, up to 20 slots: the sums of all seeds
  double founding_ratio = 0;       // the founding document's rule / best fixed size
  double reversals_per_hour = 0;   // mean, within the manager's own bounds
  double free_reversals_per_hour = 0;  // mean, up to 20 slots
};
[[nodiscard]] std::vector<SizingPriceRow> measure_sizing_prices(std::uint64_t seeds);

struct SizingStepRow {
  std::string_view profile;
  bool is_up = false;
  double requests_per_min = 0;  // after the step
  std::uint64_t arrived = 0;    // seeds with which it came within a slot of the new best size
  double minutes = 0, requests = 0;  // until then, mean

  // S2: a load of 25 requests a minute or more in 30 minutes, a thinner one in 550 requests.
  [[nodiscard]] bool is_met(std::uint64_t seeds) const {
    return arrived == seeds && (requests_per_min >= 25 ? minutes <= 30 : requests <= 550);
  }
};
[[nodiscard]] std::vector<SizingStepRow> measure_sizing_steps(std::uint64_t seeds);

[[nodiscard]] std::string sizing_table(const std::vector<SizingPriceRow>& prices, const std::vector<SizingStepRow>& steps);

}  // namespace genepool

#include "sim/targets.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "sim/breaker_targets.h"
#include "sim/miss_grid.h"
#include "sim/policy_targets.h"
#include "sim/prediction_targets.h"
#include "sim/sizing_targets.h"
#include "trace/profiles.h"

namespace genepool {
namespace {

std::vector<PolicyKind> all_policies() {
  std::vector<PolicyKind> all;
  for (std::size_t i = 0; i < kPolicyKinds; ++i) all.push_back(static_cast<PolicyKind>(i));
  return all;
}

std::string grid_text(const MissGrid& grid) {
  std::string text = fmt::format("misses per request, mean of {} seeds\n{:<18}{:>4}{:>8}", kSeeds, "profile", "k", "MIN");
  for (const PolicyKind policy : all_policies()) text += fmt::format("{:>11}", policy_name(policy));
  text += '\n';
  for (const Profile& profile : profiles()) {
    for (const std::uint32_t places : kPlaces) {
      text += fmt::format("{:<18}{:>4}{:>8.3f}", profile.name, places, grid.belady_ratio(profile.name, places));
      for (const PolicyKind policy : all_policies()) text += fmt::format("{:>11.3f}", grid.ratio(profile.name, places, policy));
      text += '\n';
    }
  }
  return text;
}

}  // namespace

TargetReport measure_targets(const TargetProgress& progress) {
  TargetReport report;
  const MissGrid grid = MissGrid::make(all_policies(), [&](std::size_t done, std::size_t of) { progress("misses", done, of); });
  report.rows = policy_targets(grid, progress);
  const auto add = [&](std::vector<TargetRow> more) { std::ranges::move(more, std::back_inserter(report.rows)); };
  add(prediction_targets(grid, progress));
  add(sizing_targets(progress));
  add(breaker_targets(progress));
  report.grid = grid_text(grid);
  return report;
}

}  // namespace genepool

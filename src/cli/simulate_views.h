// What `simulate` shows: tables for people, JSON for programs. Thread: any, pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/table.h"
#include "sim/comparison.h"
#include "sim/regret.h"
#include "sim/targets.h"

namespace genepool::cli {

struct SimulatedTrace {
  std::string name;
  std::uint64_t requests = 0, genomes = 0;
  double seconds = 0;
};

[[nodiscard]] std::string simulation_text(const SimulatedTrace& trace, const Contender& contender, const SimulationResult& result,
                                          const Regret& regret, Colours colours);
[[nodiscard]] std::string comparison_text(const SimulatedTrace& trace, const std::vector<Contest>& contests, const Regret& regret, Colours colours);
// A page with plots around what the terminal shows; simulate_html.cc.
[[nodiscard]] std::string simulation_html(const SimulatedTrace& trace, const std::vector<Contest>& contests, std::string_view text);
[[nodiscard]] std::string targets_text(const TargetReport& report, Colours colours);

[[nodiscard]] std::string simulation_json(const SimulatedTrace& trace, const std::vector<Contest>& contests, const Regret& regret);
[[nodiscard]] std::string targets_json(const TargetReport& report);

}  // namespace genepool::cli

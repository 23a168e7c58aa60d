// Targets: what the deciders must reach on generated traces, each row measured anew by this code: id, goal, what was reached.
// Deterministic; minutes of all cores. Sources of the goals: docs/guide/simulator.md.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace genepool {

enum class Verdict : std::uint8_t { kMet, kMissed, kInfo };

struct TargetRow {
  std::string id;       // "P4"
  std::string what;     // in words
  std::string goal;
  std::string reached;
  Verdict verdict = Verdict::kInfo;
};

// Called from any thread: what is being measured, how much of it is done.
using TargetProgress = std::function<void(std::string_view what, std::size_t done, std::size_t of)>;

struct TargetReport {
  std::vector<TargetRow> rows;
  std::string grid;  // profile x policy x places as a table of text
};

[[nodiscard]] TargetReport measure_targets(const TargetProgress& progress);

}  // namespace genepool

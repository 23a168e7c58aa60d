// A base and the same base in another type of weights, side by side in one process: how fast each is, and what the second
// says otherwise. They are loaded in turn, so the machine's moods meet both, and one is in memory at a time.
// Thread: the process's main one; the engine's while it computes.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "engine/engine.h"

namespace genepool {

struct BaseSpeed {
  double prompt_rate = 0, answer_rate = 0;  // tokens/s: of a prompt of kPromptTokens, and one after the other
};

struct BaseComparison {
  std::string engine;  // EngineInfo::engine
  BaseSpeed source, candidate;
  std::uint64_t candidate_bytes = 0;      // of weights in memory
  double kl = 0;                          // mean divergence() of the candidate, over positions of answers that the source gave
  std::uint32_t top1_changed = 0, positions = 0;
  int threads = 0;                        // that computed: one where those asked for waited for each other beside a busy program
};

struct BaseTrial {
  std::string source, candidate;  // GGUF files
  int threads = 1;
  std::uint32_t rounds = 3;       // the speeds are medians over them
};

using MakeEngine = std::function<Result<std::unique_ptr<Engine>>()>;
using TrialProgress = std::function<void(const std::string& now)>;  // for people: "round 1 of 3, the candidate"
[[nodiscard]] Result<BaseComparison> compare_bases(const MakeEngine& make, const BaseTrial& trial, const TrialProgress& progress);

// One line, for the process that asked. kInternal: not such a line.
[[nodiscard]] std::string line_of(const BaseComparison& comparison);
[[nodiscard]] Result<BaseComparison> parse_comparison(const std::string& line);

}  // namespace genepool

// Work on base files that only an engine can do, each piece in a genepool-worker of its own: what a file does to the engine
// happens there, and its memory is free afterwards. A child dies with its parent.
// Thread: any; every call blocks until the process has ended.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "engine/engine.h"
#include "worker/base_comparison.h"

namespace genepool {

struct BaseTool {
  std::string worker_program;
  std::string engine = "llama";
  std::string fake_script;

  // As quantise_base().
  [[nodiscard]] Result<void> quantise(const QuantiseJob& job) const;
  [[nodiscard]] Result<BaseComparison> compare(const BaseTrial& trial, const TrialProgress& progress) const;
};

// How `genepool-worker quantise` and `genepool-worker compare` begin lines on standard output that are not the result.
inline constexpr std::string_view kBaseToolNow = "now: ";       // what it is doing
inline constexpr std::string_view kBaseToolFailed = "error: ";  // why there will be no result

// Their command line.
struct BaseToolFlags {
  std::string engine = "llama", fake_script;
  std::string source, to, candidate, type;
  int threads = 1;
  std::uint32_t rounds = 3;
};

void walk_base_tool_flags(auto& visit, auto& flags) {
  visit("--engine", flags.engine, "llama or fake");
  visit("--fake-script", flags.fake_script, "delays and faults of the fake engine");
  visit("--source", flags.source, "the base model, a GGUF file");
  visit("--to", flags.to, "quantise: the file to write");
  visit("--type", flags.type, "quantise: the type of weights it gets");
  visit("--candidate", flags.candidate, "compare: the base in another type");
  visit("--threads", flags.threads, "threads that compute");
  visit("--rounds", flags.rounds, "compare: times that each is measured");
}

}  // namespace genepool

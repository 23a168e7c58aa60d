// The founding document's benchmark suite on a real GenomePool: fills the rows of founding_rows() with samples.
// Thread: one of its own beside the caller's; blocks for minutes. Not here: tables (report.h), preparing (workload.h).
// Use:   GENEPOOL_TRY(SuiteResult result, run_suite(workload, options, [](std::string_view stage) { ... }));
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "suite/measurement.h"
#include "suite/workload.h"

namespace genepool::bench {

struct SuiteOptions {
  std::map<std::string, std::string> settings;  // params of the pools that are opened
  std::uint32_t repeats = 10;                   // rounds over COLD and WARM
  std::uint32_t tokens = 32;                    // of one inference
  bool is_quick = false;                        // fewer rounds and requests
  bool wants_answers = false;
};

struct Answer {
  std::string genome, stack, prompt, text;
};

struct SuiteResult {
  std::vector<Measurement> rows;
  std::vector<Answer> answers;
  double seconds = 0;
};

using Progress = std::function<void(std::string_view stage)>;

[[nodiscard]] Result<SuiteResult> run_suite(const Workload& workload, const SuiteOptions& options, const Progress& progress);

}  // namespace genepool::bench

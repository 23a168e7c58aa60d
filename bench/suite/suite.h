// Benchmark suites on a real GenomePool. limits: fills the rows of founding_rows() with samples. load: what many at once
// see. scale: how each cost grows. manager: the simulator against reality.
// Thread: one of its own beside the caller's; blocks for minutes. Not here: tables (report.h), preparing (workload.h).
// A phase that fails, or a progress that wants no more, ends the run; what was measured until then is in the result.
// Use:   const SuiteResult result = run_limits(workload, options, [](std::string_view stage) -> Result<void> { ... });
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "suite/measurement.h"
#include "suite/progress.h"
#include "suite/workload.h"

namespace genepool::bench {

struct SuiteOptions {
  std::map<std::string, std::string> settings;  // params of the pools that are opened
  std::uint32_t repeats = 10;                   // rounds over COLD and WARM
  std::uint32_t tokens = 32;                    // of one inference
  std::string program;                          // genepool itself: what is asked over HTTP is asked of a server of its own
  bool is_http = false;                         // load: all of it over HTTP, instead of on a pool in this process
  bool is_quick = false;                        // fewer rounds and requests
  bool wants_answers = false;
  bool wants_advice = false;                    // settings that fit this machine (limits)
};

struct Answer {
  std::string genome, stack, prompt, text;
};

struct SuiteResult {
  std::string suite;  // "limits"
  std::vector<Measurement> rows;
  std::vector<Answer> answers;
  double seconds = 0;
  std::string broke_off;  // why the run ended early; "" = it did not
  [[nodiscard]] bool is_good() const { return broke_off.empty() && all_pass(rows); }
};

using SuiteFunction = SuiteResult (*)(const Workload& workload, const SuiteOptions& options, const Progress& progress);

[[nodiscard]] SuiteResult run_limits(const Workload& workload, const SuiteOptions& options, const Progress& progress);
[[nodiscard]] SuiteResult run_scale(const Workload& workload, const SuiteOptions& options, const Progress& progress);
[[nodiscard]] SuiteResult run_manager(const Workload& workload, const SuiteOptions& options, const Progress& progress);
[[nodiscard]] SuiteResult run_load(const Workload& workload, const SuiteOptions& options, const Progress& progress);

}  // namespace genepool::bench

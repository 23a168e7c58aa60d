// The report of a run of a suite: a table for people, JSON with the raw samples, a page with charts. Thread: any, pure.
#pragma once

#include <string>

#include "cli/table.h"
#include "suite/machine.h"
#include "suite/suite.h"

namespace genepool::bench {

struct ReportHead {
  Machine machine;
  std::string version;  // "0.1.0 (1a2b3c4)"
  std::string engine;
};

[[nodiscard]] std::string report_text(const ReportHead& head, const Workload& workload, const SuiteOptions& options,
                                      const SuiteResult& result, cli::Colours colours);
[[nodiscard]] std::string report_json(const ReportHead& head, const Workload& workload, const SuiteOptions& options,
                                      const SuiteResult& result);
[[nodiscard]] std::string report_html(const ReportHead& head, const Workload& workload, const SuiteOptions& options,
                                      const SuiteResult& result);

// One value of a row in its unit: "0.31 ms", "84 MB", "0.06", "0".
[[nodiscard]] std::string unit_text(Unit unit, double value);
[[nodiscard]] std::string bound_text(Unit unit, const Bound& bound);  // "p99 < 100 ms"

}  // namespace genepool::bench

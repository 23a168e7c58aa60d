// What `trace info` shows: the same facts as text, as JSON, and as a page with plots. Thread: any, pure.
// Use:   const TraceReport report{.name = "drift", .trace = read.trace, .info = trace_info(read.trace)};
//        print(trace_text(report));
#pragma once

#include <string>
#include <vector>

#include "trace/trace_info.h"

namespace genepool::cli {

struct TraceReport {
  std::string name;  // the file or the profile
  const Trace& trace;
  TraceInfo info;
  std::uint64_t rows_moved = 0, rows_skipped = 0;
};

[[nodiscard]] std::string trace_text(const TraceReport& report);
[[nodiscard]] std::string trace_json(const TraceReport& report);  // trace_report_json.cc
[[nodiscard]] std::string trace_html(const TraceReport& report);  // trace_report_html.cc

// The LRU curve in `rows` lines of blocks, a column for each number of places.
[[nodiscard]] std::string curve_text(const std::vector<double>& miss_ratios, int rows);

// Requests in equal parts of the time: an hour each, whole hours when there would be more than kMostParts.
inline constexpr std::size_t kMostParts = 2000;
struct RequestsOverTime {
  double part_h = 1;
  std::vector<std::uint64_t> requests;
};
[[nodiscard]] RequestsOverTime requests_over_time(const Trace& trace);

// [i] = requests of the genome of popularity rank i + 1.
[[nodiscard]] std::vector<std::uint64_t> uses_by_rank(const Trace& trace);

}  // namespace genepool::cli

#include "fuzz/trace_promises.h"

#include <sstream>

#include "trace/csv.h"
#include "trace/import_trace.h"

namespace genepool::fuzz {
namespace {

std::string csv_of(const Trace& trace) {
  std::ostringstream out;
  write_trace_csv(trace, out);
  return out.str();
}

void check_requests(const Trace& trace) {
  double last = 0;
  for (const TraceRequest& request : trace.requests) {
    GENEPOOL_CHECK(request.t_seconds >= last && request.t_seconds <= kMaxTraceSeconds, "{}", request.t_seconds);
    last = request.t_seconds;
    GENEPOOL_CHECK(request.genome < trace.genomes.size());
    GENEPOOL_CHECK(request.user == kNoUser || request.user < trace.users.size());
  }
  for (const TraceGenome& genome : trace.genomes) GENEPOOL_CHECK(is_trace_name(genome.name) && genome.load_cost_s >= 0);
  for (const std::string& user : trace.users) GENEPOOL_CHECK(is_trace_name(user));
}

}  // namespace

void check_trace_import(std::string_view format, std::span<const std::byte> bytes) {
  std::istringstream in(std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
  const TraceInput input{"client", &in};
  // Few of the requests that a line of rates stands for: an input should take milliseconds.
  const auto read = import_trace(format, std::span(&input, 1), {.rate_factor = 1e-6});
  if (!read) return;
  check_requests(read->trace);
  const std::string csv = csv_of(read->trace);
  std::istringstream written(csv);
  const auto again = read_trace_csv(written);
  GENEPOOL_CHECK(again && again->rows_moved == 0 && again->rows_skipped == 0 && csv_of(again->trace) == csv, "{}", csv);
}

}  // namespace genepool::fuzz

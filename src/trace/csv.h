// Our trace file: comma-separated (RFC 4180), a header line, then a row for each request, in any order of the columns:
//   t_seconds,genome,user,prompt_tokens,output_tokens,load_cost_s,bytes
// The last five columns are optional, and so are their values; a genome's load cost is the mean of what its rows tell.
// Rows out of order are sorted (ReadTrace::rows_moved); a last line without its line break is skipped and counted, because a
// killed server leaves one. Anything else that is not as said is refused with its line: `line 17: t_seconds is not a number: "x"`.
// Thread: any. Memory: that of the trace (trace.h has the bounds). Errors: kBadRequest, kTooLarge, kIo.
// Use:   std::ifstream file(path, std::ios::binary);
//        GENEPOOL_TRY(const ReadTrace read, read_trace_csv(file));
//        out << trace_csv_header() << trace_csv_row({.t_seconds = 1.5, .genome = "pirate"});
#pragma once

#include <istream>
#include <ostream>
#include <string>

#include "trace/trace_builder.h"

namespace genepool {

[[nodiscard]] Result<ReadTrace> read_trace_csv(std::istream& in);

// Both with their line break. Requires: names are is_trace_name(), the user's may be empty; the rest as trace.h says.
[[nodiscard]] std::string trace_csv_header();
[[nodiscard]] std::string trace_csv_row(const TraceRow& row);

// The whole trace; reading it again gives the same one. The caller looks at `out` for failure.
void write_trace_csv(const Trace& trace, std::ostream& out);

}  // namespace genepool

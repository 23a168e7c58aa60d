// Where a verb's TRACE comes from. Thread: any; blocks on disk. Memory: that of the trace (trace/trace.h).
// Use:   GENEPOOL_TRY(const ReadTrace read, load_trace(invocation.argument("TRACE"), seed));
#pragma once

#include <cstdint>
#include <fstream>
#include <string>

#include "base/error.h"
#include "trace/trace_builder.h"

namespace genepool::cli {

// A csv file of ours (trace/csv.h), "-" = stdin; when there is no such file, the profile of that name, generated with the seed.
// Says on stderr what was skipped or put in order. kNotFound names the profiles; else trace/csv.h's errors with the file before
// the line: `x.csv: line 17: ...`.
[[nodiscard]] Result<ReadTrace> load_trace(const std::string& source, std::uint64_t seed);

// What load_trace() says on stderr; silent when there is nothing to say.
void note_rows(const ReadTrace& read);

// kNotFound, kBadRequest for a folder, kIo.
[[nodiscard]] Result<std::ifstream> open_trace_file(const std::string& path);

}  // namespace genepool::cli

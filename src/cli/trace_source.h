// Where traces come from and go to on a command line. load_trace(): the trace that a person names: a file in our csv, or else
// a profile, generated with `seed`; "-" is stdin. Thread: any, blocks. Memory: that of the trace (trace/trace.h).
// Errors: kNotFound (neither; the profiles are named), and trace/csv.h's with the file before the line: `x.csv: line 17: ...`.
// Use:   GENEPOOL_TRY(const ReadTrace read, load_trace(invocation.argument("TRACE"), seed));
//        note_rows(read);
#pragma once

#include <cstdint>
#include <fstream>
#include <functional>
#include <ostream>
#include <string>

#include "base/error.h"
#include "trace/trace_builder.h"

namespace genepool::cli {

[[nodiscard]] Result<ReadTrace> load_trace(const std::string& text, std::uint64_t seed);

// A notice on stderr of rows that were sorted or skipped; silent when there are none.
void note_rows(const ReadTrace& read);

// kNotFound, kBadRequest for a folder, kIo.
[[nodiscard]] Result<std::ifstream> open_trace_file(const std::string& path);

// `write` to the file; "" and "-" = stdout. kIo, kStoreFull.
[[nodiscard]] Result<void> write_to(const std::string& path, const std::function<void(std::ostream&)>& write);

}  // namespace genepool::cli

// Where a verb's TRACE comes from. Thread: any; blocks on disk.
#pragma once

#include <cstdint>
#include <string>

#include "base/error.h"
#include "trace/trace_builder.h"

namespace genepool::cli {

// A csv file of ours (trace/csv.h), "-" = stdin; when there is no such file, the profile of that name, generated with the seed.
// kNotFound names the profiles; kBadRequest names file and line. Says on stderr what was skipped or put in order.
[[nodiscard]] Result<ReadTrace> load_trace(const std::string& source, std::uint64_t seed);

}  // namespace genepool::cli

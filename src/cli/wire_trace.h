// What the server records of its requests, as JSON; see wire.h. Thread: any, pure.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "runtime/trace_recorder.h"

namespace genepool::cli {

[[nodiscard]] Result<TraceStatus> parse_trace_status(std::string_view text);
[[nodiscard]] std::string json_of(const TraceStatus& status);

}  // namespace genepool::cli

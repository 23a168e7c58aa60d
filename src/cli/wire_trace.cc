#include "cli/wire_trace.h"

#include "cli/wire_json.h"

namespace genepool::cli {
namespace {

TraceStatus trace_status_from(const Json& j) {
  TraceStatus status{.is_recording = get<bool>(j, "recording"),
                     .paused_because = get<std::string>(j, "paused_because"),
                     .directory = get<std::string>(j, "directory"),
                     .files = get<std::uint64_t>(j, "files"),
                     .bytes = get<std::uint64_t>(j, "bytes"),
                     .limit_bytes = get<std::uint64_t>(j, "limit_bytes"),
                     .rows = get<std::uint64_t>(j, "rows"),
                     .rows_lost = get<std::uint64_t>(j, "rows_lost")};
  if (const std::int64_t since = get<std::int64_t>(j, "since_ms"); since != 0) status.since_ms = since;
  return status;
}

}  // namespace

Result<TraceStatus> parse_trace_status(std::string_view text) { return parsed(text, trace_status_from); }

std::string json_of(const TraceStatus& status) {
  return Json{{"recording", status.is_recording},
              {"paused_because", text_or_null(status.paused_because)},
              {"directory", status.directory},
              {"files", status.files},
              {"bytes", status.bytes},
              {"limit_bytes", status.limit_bytes},
              {"since_ms", status.since_ms ? Json(*status.since_ms) : Json()},
              {"rows", status.rows},
              {"rows_lost", status.rows_lost}}
      .dump(2);
}

}  // namespace genepool::cli

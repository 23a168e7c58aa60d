// trace record: what a server records of its requests (runtime/trace_recorder.h), and that as one file.
#include <fmt/format.h>

#include "cli/connection.h"
#include "cli/settings.h"
#include "cli/terminal.h"
#include "cli/text_files.h"
#include "cli/verbs.h"
#include "cli/wire_trace.h"
#include "runtime/trace_files.h"

namespace genepool::cli {
namespace {

struct Recorded {
  TraceStatus status;
  bool has_server = false;
};

// As the server tells it, or else what lies in the data directory.
Result<Recorded> recorded(const Invocation& invocation) {
  GENEPOOL_TRY(const Config config, settings_of(invocation));
  if (!host_asked_for(invocation).empty() || is_listening(socket_path_of(config))) {
    GENEPOOL_TRY(const auto server, connect_to_server(invocation));
    GENEPOOL_TRY(const std::string answer, server->get("/api/trace"));
    GENEPOOL_TRY(TraceStatus status, parse_trace_status(answer));
    return Recorded{std::move(status), true};
  }
  GENEPOOL_TRY(TraceStatus status, recorded_status(recorded_dir(data_dir_of(config))));
  status.limit_bytes = static_cast<std::uint64_t>(config.trace_bytes);
  return Recorded{std::move(status), false};
}

std::string recording_text(const Recorded& recorded) {
  const TraceStatus& status = recorded.status;
  if (!recorded.has_server) return "no: no server runs here";
  if (!status.is_recording) return "no: trace.record is false";
  return status.paused_because.empty() ? "yes" : "paused: " + status.paused_because;
}

std::string status_text(const Recorded& recorded) {
  const TraceStatus& status = recorded.status;
  std::string text = fmt::format("recording    {}\ndirectory    {}\nfiles        {}, {} of {}\nsince        {}\n", recording_text(recorded),
                                 status.directory, human_count(status.files), human_bytes(status.bytes), human_bytes(status.limit_bytes),
                                 status.since_ms ? human_date(*status.since_ms) : "-");
  if (recorded.has_server) {
    text += fmt::format("requests     {} since the server began, {} lost\n", human_count(status.rows), human_count(status.rows_lost));
  }
  return text;
}

Result<int> export_to(const std::string& path, const std::string& directory) {
  GENEPOOL_TRY(const std::vector<RecordedFile> files, recorded_files(directory));
  if (files.empty()) return fail(Code::kNotFound, "nothing is recorded in {} of this machine", directory);
  Result<JoinedTrace> joined;
  GENEPOOL_TRY_VOID(write_to(path, [&](std::ostream& out) { joined = join_recorded(files, out); }));
  if (!joined) return tl::unexpected(joined.error());
  const std::string skipped = joined->rows_skipped == 0 ? "" : fmt::format(", {} skipped: unfinished", counted(joined->rows_skipped, "row"));
  print_note(fmt::format("{} of {}{}", counted(joined->rows, "request"), counted(files.size(), "file"), skipped));
  return 0;
}

}  // namespace

Result<int> verb_trace_record(const Invocation& invocation) {
  GENEPOOL_TRY(const Recorded found, recorded(invocation));
  if (invocation.has("--export")) return export_to(invocation.text("--export"), found.status.directory);
  print(invocation.has("--json") ? json_of(found.status) + "\n" : status_text(found));
  return 0;
}

}  // namespace genepool::cli

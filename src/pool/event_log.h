// The event log: one text line per event ("E <ns> Arrive ...") and per action ("A Grant ..."), exact enough that feeding the
// E lines to a PoolCore built with the same knobs gives the A lines byte for byte. First line: "genepool-events 1".
// Pure text; files are the runtime's. Thread: any.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "pool/events.h"
#include "pool/pool_core.h"

namespace genepool {

inline constexpr std::string_view kEventLogHeader = "genepool-events 1";

[[nodiscard]] std::string event_line(const Event& event, Instant now);
[[nodiscard]] std::string action_line(const Action& action);
[[nodiscard]] Result<std::pair<Event, Instant>> parse_event_line(std::string_view line);

struct ReplayReport {
  std::uint64_t events = 0, actions = 0;
};
// Replays a whole log's text (its first event is SetKnobs) into a fresh LRU PoolCore and compares the actions.
// kBadRequest: not a log; kConflict: names the first line that differs, with what was expected and found.
[[nodiscard]] Result<ReplayReport> replay(std::string_view log_text);

}  // namespace genepool

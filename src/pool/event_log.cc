// Writer, reader and replay of the event log.
//   line   = ("E " ns | "A") " " name fields (field_text.h)
#include "pool/event_log.h"

#include "pool/event_fields.h"

namespace genepool {
namespace {

struct Lines {
  std::string_view rest;
  std::uint64_t number = 0;

  // The next line; nothing at the end.
  std::optional<std::string_view> next() {
    if (rest.empty()) return std::nullopt;
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    ++number;
    return line;
  }
};

// Compares what the pool says now with the lines that follow its event.
Result<std::uint64_t> compare(const std::vector<std::string>& said, Lines& lines) {
  for (const std::string& expected : said) {
    const std::string_view found = lines.next().value_or("the end of the log");
    if (found != expected) return fail(Code::kConflict, "line {}: expected {}, found {}", lines.number, expected, found);
  }
  if (lines.rest.starts_with('A')) {
    const std::string_view found = *lines.next();
    return fail(Code::kConflict, "line {}: expected no more actions, found {}", lines.number, found);
  }
  return said.size();
}

}  // namespace

std::string event_line(const Event& event, Instant now) {
  std::string text = fmt::format("E {}", now.count());
  write_named(kEventNames, event, text);
  return text;
}

std::string action_line(const Action& action) {
  std::string text = "A";
  write_named(kActionNames, action, text);
  return text;
}

Result<std::pair<Event, Instant>> parse_event_line(std::string_view line) {
  std::pair<Event, Instant> parsed;
  FieldReader reader{line};
  if (!line.starts_with("E ")) return fail(Code::kBadRequest, "not an event: {}", line);
  reader.rest.remove_prefix(1);
  reader(parsed.second);
  const std::string_view name = reader.word();
  if (!read_named(name, kEventNames, reader, parsed.first)) return fail(Code::kBadRequest, "no event is called '{}'", name);
  if (!reader.is_ok || !reader.rest.empty()) return fail(Code::kBadRequest, "the fields of {} are wrong: {}", name, line);
  return parsed;
}

Result<ReplayReport> replay(std::string_view log_text) {
  Lines lines{log_text};
  if (lines.next() != kEventLogHeader) {
    return fail(Code::kBadRequest, "not an event log: its first line is not '{}'", kEventLogHeader);
  }
  ReplayReport report;
  std::optional<PoolCore> pool;
  std::vector<std::string> said;
  while (const auto line = lines.next()) {
    GENEPOOL_TRY(const auto parsed, parse_event_line(*line));
    if (!pool) {
      const SetKnobs* first = std::get_if<SetKnobs>(&parsed.first);
      if (first == nullptr) return fail(Code::kBadRequest, "line {}: the first event must be SetKnobs", lines.number);
      pool.emplace(first->knobs);
    }
    said.clear();
    pool->on(parsed.first, parsed.second, [&](const Action& action) { said.push_back(action_line(action)); });
    GENEPOOL_TRY(const std::uint64_t actions, compare(said, lines));
    ++report.events;
    report.actions += actions;
  }
  return report;
}

}  // namespace genepool

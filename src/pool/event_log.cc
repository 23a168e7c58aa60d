// Writer, reader and replay of the event log.
//
//   line   = ("E " ns | "A") " " name *(" " field)
//   field  = integer | 0 or 1 | enum as integer | 64 hex digits | api code | ":" percent-encoded text | "-" (nothing)
//            | list: count, then each element's fields
#include "pool/event_log.h"

#include <fmt/format.h>

#include <charconv>
#include <iterator>

#include "pool/event_fields.h"

namespace genepool {
namespace {

using log_fields::walk;

struct Writer {
  std::string& text;

  void word(std::string_view w) { text.append(" ").append(w); }
  void operator()(std::integral auto v) { word(fmt::format_int(static_cast<std::int64_t>(v)).c_str()); }
  void operator()(std::uint64_t v) { word(fmt::format_int(v).c_str()); }
  void operator()(Instant v) { (*this)(v.count()); }
  void operator()(const Digest& v) { word(v.hex()); }
  void operator()(Code v) { word(error_row(v).api_code); }
  template <class E>
    requires std::is_enum_v<E>
  void operator()(E v) {
    (*this)(static_cast<int>(v));
  }
  void operator()(const std::string& v) {
    text.append(" :");
    for (const char c : v) {
      if (c > ' ' && c < 0x7f && c != '%') {
        text.push_back(c);
      } else {
        fmt::format_to(std::back_inserter(text), "%{:02x}", static_cast<unsigned char>(c));
      }
    }
  }
  void operator()(const std::optional<std::chrono::milliseconds>& v) { v ? (*this)(v->count()) : word("-"); }
  void operator()(const std::optional<Identity>& v) { v ? (*this)(*v) : word("-"); }
  template <class T>
  void operator()(const std::vector<T>& list) {
    (*this)(list.size());
    for (const T& v : list) (*this)(v);
  }
  template <class T>
    requires requires(Writer& w, const T& v) { walk(w, v); }
  void operator()(const T& v) {
    walk(*this, v);
  }
};

// Reads fields in the same order; the first that is wrong makes all that follow void.
struct Reader {
  std::string_view rest;
  bool is_ok = true;

  std::string_view word() {
    if (!rest.starts_with(' ')) is_ok = false;
    if (!is_ok) return {};
    rest.remove_prefix(1);
    const std::size_t end = std::min(rest.find(' '), rest.size());
    const std::string_view w = rest.substr(0, end);
    rest.remove_prefix(end);
    return w;
  }
  template <class T>
    requires(std::integral<T> && !std::same_as<T, bool>)
  void operator()(T& v) {
    const std::string_view w = word();
    const auto [end, error] = std::from_chars(w.data(), w.data() + w.size(), v);
    if (error != std::errc{} || end != w.data() + w.size()) is_ok = false;
  }
  void operator()(bool& v) {
    int number = 0;
    (*this)(number);
    if (number != 0 && number != 1) is_ok = false;
    v = number == 1;
  }
  void operator()(Instant& v) {
    Instant::rep ns = 0;
    (*this)(ns);
    v = Instant(ns);
  }
  void operator()(Digest& v) {
    const auto digest = Digest::from_hex(word());
    if (!digest) is_ok = false;
    if (digest) v = *digest;
  }
  void operator()(Code& v) {
    const std::string_view w = word();
    v = code_from_api(w);
    if (error_row(v).api_code != w) is_ok = false;
  }
  template <class E>
    requires std::is_enum_v<E>
  void operator()(E& v) {
    int number = 0;
    (*this)(number);
    if (number < 0 || number > log_fields::last_value(v)) is_ok = false;
    if (is_ok) v = static_cast<E>(number);
  }
  void operator()(std::string& v) {
    std::string_view w = word();
    if (!w.starts_with(':')) is_ok = false;
    for (std::size_t i = 1; is_ok && i < w.size(); ++i) {
      if (w[i] != '%') {
        v.push_back(w[i]);
        continue;
      }
      unsigned char byte = 0;
      const std::string_view hex = w.substr(i + 1, 2);
      const auto [end, error] = std::from_chars(hex.data(), hex.data() + hex.size(), byte, 16);
      if (hex.size() != 2 || error != std::errc{} || end != hex.data() + 2) is_ok = false;
      v.push_back(static_cast<char>(byte));
      i += 2;
    }
  }
  void operator()(std::optional<std::chrono::milliseconds>& v) {
    if (is_nothing()) return;
    std::int64_t ms = 0;
    (*this)(ms);
    v = std::chrono::milliseconds(ms);
  }
  void operator()(std::optional<Identity>& v) {
    if (is_nothing()) return;
    (*this)(v.emplace());
  }
  bool is_nothing() {
    if (!rest.starts_with(" -") || (rest.size() > 2 && rest[2] != ' ')) return false;
    rest.remove_prefix(2);
    return true;
  }
  template <class T>
  void operator()(std::vector<T>& list) {
    std::size_t count = 0;
    (*this)(count);
    for (std::size_t i = 0; is_ok && i < count; ++i) (*this)(list.emplace_back());
  }
  template <class T>
    requires requires(Reader& r, T& v) { walk(r, v); }
  void operator()(T& v) {
    walk(*this, v);
  }
};

// Reads the alternative that `name` stands for; false when there is none.
template <std::size_t I = 0>
bool read_named(std::string_view name, Reader& reader, Event& event) {
  if constexpr (I == std::variant_size_v<Event>) {
    return false;
  } else {
    if (name != log_fields::kEventNames[I]) return read_named<I + 1>(name, reader, event);
    reader(event.emplace<I>());
    return true;
  }
}

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
  std::string text = fmt::format("E {} {}", now.count(), log_fields::kEventNames[event.index()]);
  std::visit([w = Writer{text}](const auto& e) mutable { w(e); }, event);
  return text;
}

std::string action_line(const Action& action) {
  std::string text = fmt::format("A {}", log_fields::kActionNames[action.index()]);
  std::visit([w = Writer{text}](const auto& a) mutable { w(a); }, action);
  return text;
}

Result<std::pair<Event, Instant>> parse_event_line(std::string_view line) {
  std::pair<Event, Instant> parsed;
  Reader reader{line};
  if (!line.starts_with("E ")) return fail(Code::kBadRequest, "not an event: {}", line);
  reader.rest.remove_prefix(1);
  reader(parsed.second);
  const std::string_view name = reader.word();
  if (!read_named(name, reader, parsed.first)) return fail(Code::kBadRequest, "no event is called '{}'", name);
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

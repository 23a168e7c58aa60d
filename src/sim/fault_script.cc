#include "sim/fault_script.h"

#include <algorithm>
#include <array>
#include <map>

#include "base/printable.h"
#include "config/config.h"
#include "config/values.h"

namespace genepool {
namespace {

constexpr std::int64_t kMostMillis = std::int64_t{20} * 365 * 86'400'000;  // of a time
constexpr double kMostTimes = 1e6, kMostBytes = 1e15;

enum class Amount : std::uint8_t { kNone, kShare, kMaybeShare, kTimes, kBytes };

struct Form {
  std::string_view words;
  FaultKind kind;
  Amount amount;
  bool has_genome;
};
constexpr std::array kForms{Form{"loads fail", FaultKind::kLoadsFail, Amount::kMaybeShare, true},
                            Form{"starts fail", FaultKind::kStartsFail, Amount::kMaybeShare, true},
                            Form{"answers slow", FaultKind::kAnswersSlow, Amount::kTimes, true},
                            Form{"workers crash", FaultKind::kWorkersCrash, Amount::kMaybeShare, true},
                            Form{"workers killed", FaultKind::kWorkersKilled, Amount::kNone, true},
                            Form{"memory some", FaultKind::kMemorySome, Amount::kShare, false},
                            Form{"memory full", FaultKind::kMemoryFull, Amount::kShare, false},
                            Form{"memory free", FaultKind::kMemoryFree, Amount::kBytes, false}};

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r");
  return first == std::string_view::npos ? "" : text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

// A "#" within a name is none.
std::string_view without_comment(std::string_view line) {
  for (std::size_t at = line.find('#'); at != std::string_view::npos; at = line.find('#', at + 1)) {
    if (at == 0 || line[at - 1] == ' ' || line[at - 1] == '\t') return line.substr(0, at);
  }
  return line;
}

std::string_view take_word(std::string_view& rest) {
  const std::string_view word = rest.substr(0, rest.find_first_of(" \t"));
  rest = trimmed(rest.substr(word.size()));
  return word;
}

Result<Duration> parse_time(std::string_view text) {
  const Result<std::int64_t> ms = parse_millis(text);
  if (!ms || *ms < 0 || *ms > kMostMillis) return fail(Code::kBadRequest, "wanted a time since the first request, like 90s or 1h30m, found \"{}\"", printable(text));
  return std::chrono::milliseconds(*ms);
}

// "2h", "2h.." or "2h..3h".
Result<void> parse_when(std::string_view text, Fault& fault) {
  const std::size_t dots = text.find("..");
  GENEPOOL_TRY(fault.from, parse_time(text.substr(0, dots)));
  const bool is_moment = dots == std::string_view::npos;
  if (is_moment != (fault.kind == FaultKind::kWorkersKilled)) {
    return fail(Code::kBadRequest, "wanted {}, found \"{}\"", is_moment ? "a span of time, like 1h..2h or 1h.." : "a moment, like 1h30m", printable(text));
  }
  if (is_moment || dots + 2 == text.size()) return {};
  GENEPOOL_TRY(fault.to, parse_time(text.substr(dots + 2)));
  if (fault.to <= fault.from) return fail(Code::kBadRequest, "it ends before it begins: \"{}\"", printable(text));
  return {};
}

// The number before `unit`, within the bounds; else `wanted` says why not.
Result<double> parse_number(std::string_view word, std::string_view unit, double least, double most, std::string_view wanted) {
  const Result<double> number = word.ends_with(unit) ? parse_ratio(word.substr(0, word.size() - unit.size())) : fail(Code::kBadRequest, "");
  if (!number || *number < least || *number > most) return fail(Code::kBadRequest, "wanted {}, found \"{}\"", wanted, printable(word));
  return *number;
}

Result<double> parse_amount(Amount kind, std::string_view& rest) {
  if (kind == Amount::kNone || (kind == Amount::kMaybeShare && !rest.substr(0, rest.find_first_of(" \t")).ends_with('%'))) return 1.0;
  const std::string_view word = take_word(rest);
  if (kind == Amount::kTimes) return parse_number(word, "x", 1, kMostTimes, "how many times slower, like 10x");
  if (kind == Amount::kBytes) {
    const Result<std::int64_t> bytes = parse_bytes(word);
    if (bytes && *bytes >= 0 && static_cast<double>(*bytes) <= kMostBytes) return static_cast<double>(*bytes);
    return fail(Code::kBadRequest, "wanted bytes, like 200MiB, found \"{}\"", printable(word));
  }
  GENEPOOL_TRY(const double percent, parse_number(word, "%", 0, 100, "a share, like 10%"));
  return percent / 100;
}

const Form* take_form(std::string_view& rest) {
  for (const Form& form : kForms) {
    std::string_view after = rest;
    const std::string_view first = take_word(after), second = take_word(after);
    const std::size_t space = form.words.find(' ');
    if (first != form.words.substr(0, space) || second != form.words.substr(space + 1)) continue;
    rest = after;
    return &form;
  }
  return nullptr;
}

using Genomes = std::map<std::string_view, std::uint32_t>;

Result<Fault> parse_line(std::string_view rest, const Genomes& genomes) {
  Fault fault;
  const std::string_view when = take_word(rest);
  const Form* form = take_form(rest);
  if (form == nullptr) {
    std::string known;
    for (const Form& each : kForms) known += (known.empty() ? "" : ", ") + std::string(each.words);
    return fail(Code::kBadRequest, "wanted WHEN FAULT [AMOUNT] [GENOME], where a fault is one of: {}", known);
  }
  fault.kind = form->kind;
  GENEPOOL_TRY_VOID(parse_when(when, fault));
  GENEPOOL_TRY(fault.amount, parse_amount(form->amount, rest));
  if (!form->has_genome) return rest.empty() ? Result<Fault>(fault) : fail(Code::kBadRequest, "nothing is wanted after the amount, found \"{}\"", printable(rest));
  if (rest.empty()) return fail(Code::kBadRequest, "whose? A genome of the trace, or * for any");
  if (rest == "*") return fault;
  const auto genome = genomes.find(rest);
  if (genome == genomes.end()) return fail(Code::kBadRequest, "no genome of the trace is called \"{}\"", printable(rest));
  fault.genome = genome->second;
  return fault;
}

}  // namespace

Result<std::vector<Fault>> parse_faults(std::string_view text, const Trace& trace) {
  Genomes genomes;
  for (std::uint32_t i = 0; i < trace.genomes.size(); ++i) genomes.emplace(trace.genomes[i].name, i);
  std::vector<Fault> faults;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::string_view whole = text.substr(0, text.find('\n')), line = trimmed(without_comment(whole));
    text.remove_prefix(std::min(whole.size() + 1, text.size()));
    if (line.empty()) continue;
    if (faults.size() == kMaxFaults) return fail(Code::kTooLarge, "line {}: more than {} faults", number, kMaxFaults);
    const Result<Fault> fault = parse_line(line, genomes);
    if (!fault) return fail(fault.error().code, "line {}: {}", number, fault.error().message);
    faults.push_back(*fault);
  }
  return faults;
}

}  // namespace genepool

#include "cli/manager_views.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace genepool::cli {
namespace {

constexpr std::array<std::string_view, 8> kManaged = {"pool.max_hot",  "pool.hot_bytes",   "pool.policy", "pool.min_residency",
                                                      "pool.idle_ttl", "warm.max_genomes", "warm.bytes",  "warm.policy"};

// Three digits that mean something, without an exponent where people would not write one.
std::string number_text(double value, const std::string& unit) {
  if (!std::isfinite(value)) return "-";
  std::string text = std::abs(value) >= 1000 && std::abs(value) < 1e15 ? fmt::format("{:.0f}", value) : fmt::format("{:.3g}", value);
  return unit.empty() ? text : text + " " + unit;
}

std::string realised_text(const Decision& d) { return d.realised ? number_text(*d.realised, d.unit) : "-"; }

std::string dash_if_empty(const std::string& text) { return text.empty() ? "-" : text; }

std::string action_text(const Decision& d) { return d.is_advice ? d.action + " (advice)" : d.action; }

std::string titled(std::string_view title, const std::vector<Decision::Number>& numbers, const std::string& unit, Colours colours) {
  if (numbers.empty()) return "";
  std::size_t width = 0;
  for (const Decision::Number& number : numbers) width = std::max(width, number.name.size());
  std::string text = painted(title, Paint::kBold, colours) + "\n";
  for (const Decision::Number& number : numbers) {
    text += fmt::format("  {:<{}}  {}\n", number.name, width, number_text(number.value, number.unit.empty() ? unit : number.unit));
  }
  return text;
}

}  // namespace

std::string decisions_text(const std::vector<DecisionInfo>& decisions, LogPart part, Colours colours) {
  // "breaker" is the longest kind; the others are what fits beside each other on a screen.
  const auto widths = part == LogPart::kWhole ? std::array<std::size_t, 5>{} : std::array<std::size_t, 5>{6, 7, 18, 36, 14};
  const auto padded = [](const std::string& text, std::size_t width) { return fmt::format("{:<{}}", text, width); };
  Table table({padded("ID", widths[0]), "WHEN", padded("KIND", widths[1]), padded("SUBJECT", widths[2]), padded("ACTION", widths[3]),
               padded("EXPECTED", widths[4]), "REALISED"});
  for (const DecisionInfo& d : decisions) {
    table.add({padded(std::to_string(d.id), widths[0]), human_moment(d.unix_ms), padded(d.kind_name, widths[1]),
               padded(dash_if_empty(d.subject), widths[2]), {padded(action_text(d), widths[3]), d.is_advice ? Paint::kDim : Paint::kNone},
               padded(number_text(d.expected, d.unit), widths[4]), realised_text(d)});
  }
  std::string text = table.text(colours);
  return part == LogPart::kMore ? text.substr(text.find('\n') + 1) : text;
}

std::string decision_text(const DecisionInfo& d, Colours colours) {
  std::string text = painted(fmt::format("decision {}", d.id), Paint::kBold, colours) +
                     fmt::format(", {}, {} after the server began\n", human_moment(d.unix_ms), human_span(d.t_seconds * 1000));
  const auto line = [&](std::string_view name, const std::string& value) { text += fmt::format("  {:<8}  {}\n", name, dash_if_empty(value)); };
  line("kind", d.kind_name);
  line("subject", d.subject);
  line("action", d.action);
  line("reason", d.reason);
  if (d.is_advice) line("advice", "it was not carried out");
  text += titled("inputs", d.inputs, "", colours);
  text += titled("alternatives, and what each was expected to bring", d.alternatives, d.unit, colours);
  text += painted("what came of it", Paint::kBold, colours) + "\n";
  line("expected", number_text(d.expected, d.unit));
  line("realised", d.realised ? realised_text(d) : "not known");
  line("outcome", d.outcome.empty() ? "not known" : d.outcome);
  return text;
}

std::string knobs_text(const std::vector<KnobInfo>& knobs, Colours colours) {
  Table table({"SETTING", "VALUE", "ORIGIN", "DECISION", "WHEN", "WHY"});
  for (const auto& [setting, decision] : knobs) {
    table.add({setting.name,
               {dash_if_empty(setting.value), setting.origin == "default" ? Paint::kNone : Paint::kBold},
               setting.origin,
               decision ? std::to_string(decision->id) : "-",
               decision ? human_moment(decision->unix_ms) : "-",
               decision ? decision->reason : "-"});
  }
  return table.text(colours);
}

std::vector<KnobInfo> managed(const std::vector<SettingInfo>& settings, const std::vector<DecisionInfo>& decisions) {
  std::vector<KnobInfo> knobs;
  for (const SettingInfo& setting : settings) {
    const auto is_it = [&](const DecisionInfo& d) { return d.subject == setting.name && !d.is_advice; };
    const auto last = std::ranges::find_if(decisions, is_it);
    const bool is_named = std::ranges::find(kManaged, setting.name) != kManaged.end() || setting.name.starts_with("manager.");
    if (!is_named && last == decisions.end()) continue;
    knobs.push_back({setting, {}});
    if (last != decisions.end() && setting.origin == "manager") knobs.back().decision = *last;
  }
  return knobs;
}

}  // namespace genepool::cli

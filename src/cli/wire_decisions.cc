#include "cli/wire_decisions.h"

#include <cmath>
#include <limits>

#include "cli/wire_json.h"

namespace genepool::cli {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

std::vector<Decision::Number> numbers_from(const Json& j, const char* key) {
  return each(j, key, [](const Json& one) {
    return Decision::Number{get<std::string>(one, "name"), get<double>(one, "value", kNan), get<std::string>(one, "unit")};
  });
}

DecisionInfo decision_from(const Json& j) {
  DecisionInfo d;
  d.id = j.at("id").get<std::uint64_t>();
  d.unix_ms = get<std::int64_t>(j, "time_ms");
  d.t_seconds = get<double>(j, "t_seconds");
  d.kind_name = get<std::string>(j, "kind");
  d.kind = decision_kind_from(d.kind_name).value_or(d.kind);
  d.subject = get<std::string>(j, "subject");
  d.action = get<std::string>(j, "action");
  d.reason = get<std::string>(j, "reason");
  d.is_advice = get<bool>(j, "is_advice");
  d.inputs = numbers_from(j, "inputs");
  d.alternatives = numbers_from(j, "alternatives");
  d.unit = get<std::string>(j, "unit");
  d.expected = get<double>(j, "expected", kNan);
  if (const double realised = get<double>(j, "realised", kNan); !std::isnan(realised)) d.realised = realised;
  d.outcome = get<std::string>(j, "outcome");
  return d;
}

}  // namespace

Result<std::vector<DecisionInfo>> parse_decisions(std::string_view text) {
  return parsed(text, [](const Json& j) { return each(j, "decisions", decision_from); });
}
Result<DecisionInfo> parse_decision(std::string_view text) { return parsed(text, decision_from); }

Result<std::vector<SettingInfo>> parse_settings(std::string_view text) {
  return parsed(text, [](const Json& j) {
    return each(j, "knobs", [](const Json& one) {
      return SettingInfo{one.at("name").get<std::string>(), get<std::string>(one, "value"), get<std::string>(one, "origin")};
    });
  });
}

Result<std::string> decision_lines(std::string_view text) {
  return parsed(text, [](const Json& j) {
    std::string lines;
    const Json& newest_first = j.at("decisions");
    for (auto one = newest_first.rbegin(); one != newest_first.rend(); ++one) lines += one->dump() + "\n";
    return lines;
  });
}

std::string json_of_knobs(const std::vector<KnobInfo>& knobs) {
  Json list = Json::array();
  for (const auto& [setting, decision] : knobs) {
    list.push_back({{"name", setting.name},
                    {"value", setting.value},
                    {"origin", setting.origin},
                    {"decision", decision ? Json(decision->id) : Json()},
                    {"reason", decision ? Json(decision->reason) : Json()}});
  }
  return Json{{"knobs", std::move(list)}}.dump(2);
}

}  // namespace genepool::cli

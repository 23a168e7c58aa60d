// What the admin API says of decisions and settings, as values; see wire.h. Thread: any, pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/wire.h"
#include "metrics/decision.h"

namespace genepool::cli {

struct DecisionInfo : Decision {
  std::string kind_name;  // as the server calls it: a newer one may know more kinds than `kind` can say
};

// A setting of the running server, and the decision that gave it its value if one did.
struct KnobInfo {
  SettingInfo setting;
  std::optional<DecisionInfo> decision;
};

// A number that the server does not say is NaN.
[[nodiscard]] Result<std::vector<DecisionInfo>> parse_decisions(std::string_view text);
[[nodiscard]] Result<DecisionInfo> parse_decision(std::string_view text);
[[nodiscard]] Result<std::vector<SettingInfo>> parse_settings(std::string_view text);  // of /api/knobs

// The answer's decisions as one object a line, the oldest first.
[[nodiscard]] Result<std::string> decision_lines(std::string_view text);
[[nodiscard]] std::string json_of_knobs(const std::vector<KnobInfo>& knobs);

}  // namespace genepool::cli

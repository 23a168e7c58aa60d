// Decisions and the settings they changed, for people. Thread: any, pure.
#pragma once

#include <string>
#include <vector>

#include "cli/table.h"
#include "cli/wire_decisions.h"

namespace genepool::cli {

// Rows in the order given. A list that goes on is printed piece by piece: then the columns have a width of their own, and only
// the first piece has headers.
enum class LogPart { kWhole, kBegin, kMore };
[[nodiscard]] std::string decisions_text(const std::vector<DecisionInfo>& decisions, LogPart part, Colours colours);

[[nodiscard]] std::string decision_text(const DecisionInfo& decision, Colours colours);  // all of it, over lines

[[nodiscard]] std::string knobs_text(const std::vector<KnobInfo>& knobs, Colours colours);

// Of all settings those that the manager may change or that steer it, with the newest of `decisions` (newest first) that gave
// one its value. A setting that a decision names is among them too.
[[nodiscard]] std::vector<KnobInfo> managed(const std::vector<SettingInfo>& settings, const std::vector<DecisionInfo>& decisions);

}  // namespace genepool::cli

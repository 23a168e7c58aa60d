// What `ps`, `breaker ls` and `stats` show to people. Thread: any, pure.
#pragma once

#include <string>
#include <vector>

#include "cli/table.h"
#include "cli/wire.h"
#include "cli/wire_breakers.h"

namespace genepool::cli {

[[nodiscard]] std::string residents_text(const std::vector<ResidentInfo>& residents, Colours colours);
[[nodiscard]] std::string breakers_text(const std::vector<BreakerInfo>& breakers, Colours colours);  // those that are as new are left out
[[nodiscard]] std::string thrash_line(const StatsInfo& stats, Colours colours);
[[nodiscard]] std::string stats_text(const StatsInfo& stats, Colours colours);

}  // namespace genepool::cli

// The contests as a table for people, as a page with charts, and as JSON. Thread: any, pure.
#pragma once

#include <string>
#include <vector>

#include "cli/table.h"
#include "peers/arena.h"
#include "peers/contest.h"
#include "suite/report.h"

namespace genepool::bench {

[[nodiscard]] std::string peers_text(const ReportHead& head, const Arena& arena, const std::vector<Contest>& contests, cli::Colours colours);
[[nodiscard]] std::string peers_html(const ReportHead& head, const Arena& arena, const std::vector<Contest>& contests);  // one file, no links
[[nodiscard]] std::string peers_json(const ReportHead& head, const Arena& arena, const std::vector<Contest>& contests);

}  // namespace genepool::bench

// The verbs of a name that moves: history, rollback, cp, diff.
#include <fmt/core.h>

#include "cli/catalog.h"
#include "cli/genome_diff.h"
#include "cli/genome_views.h"
#include "cli/terminal.h"
#include "cli/verbs.h"

namespace genepool::cli {
namespace {

std::string moved_text(const GenomeInfo& genome) {
  return genome.moved_from.empty() ? genome.moved_by : fmt::format("{} {}", genome.moved_by, genome.moved_from);
}

Result<int> trim(const Invocation& invocation, Catalog& catalog, const std::string& name) {
  GENEPOOL_TRY(const std::int64_t keep, invocation.count("--keep", 1, 1, INT64_MAX));
  GENEPOOL_TRY(const std::uint64_t removed, catalog.trim_history(name, static_cast<std::uint64_t>(keep)));
  print(invocation.has("--json") ? json_of_count("removed", removed) + "\n"
                                 : fmt::format("{} moves of {} forgotten\n", human_count(removed), name));
  return 0;
}

Paint paint_of(char sign) { return sign == '-' ? Paint::kRed : sign == '+' ? Paint::kGreen : Paint::kNone; }

}  // namespace

Result<int> verb_genome_history(const Invocation& invocation) {
  const std::string& name = invocation.argument("GENOME");
  GENEPOOL_TRY(const auto catalog, open_catalog(invocation));
  if (invocation.has("--keep")) return trim(invocation, *catalog, name);
  GENEPOOL_TRY(const std::vector<GenomeInfo> history, catalog->history(name));
  if (invocation.has("--json")) {
    print(json_of_history(name, history) + "\n");
    return 0;
  }
  Table table({"MOVE", "WHEN", "BY", "VERSION", "PARENT", "STACK"});
  for (const GenomeInfo& row : history) {
    table.add({std::to_string(row.move), human_date(row.moved_ms), moved_text(row), brief(row.version),
               row.parent.empty() ? "-" : brief(row.parent), stack_text(row, " ")});
  }
  print(table.text(colours_for(invocation)));
  return 0;
}

Result<int> verb_genome_rollback(const Invocation& invocation) {
  if (invocation.has("--to") && invocation.has("--steps")) return fail(Code::kUsage, "--to or --steps, not both");
  GENEPOOL_TRY(const std::int64_t steps, invocation.count("--steps", 1, 1, INT32_MAX));
  GENEPOOL_TRY(const auto catalog, open_catalog(invocation));
  GENEPOOL_TRY(const GenomeInfo genome, catalog->roll_back({.name = invocation.argument("GENOME"),
                                                            .to = invocation.text("--to"),
                                                            .steps = static_cast<std::uint64_t>(steps),
                                                            .if_version = invocation.text("--if-version")},
                                                           invocation.has("--skip-golden")));
  return report_genome(invocation, genome);
}

Result<int> verb_genome_cp(const Invocation& invocation) {
  GENEPOOL_TRY(const auto catalog, open_catalog(invocation));
  GENEPOOL_TRY(const GenomeInfo genome, catalog->copy_genome({.from = invocation.argument("GENOME"),
                                                              .name = invocation.argument("NAME"),
                                                              .replace = invocation.has("--replace"),
                                                              .if_version = invocation.text("--if-version")},
                                                             invocation.has("--skip-golden")));
  return report_genome(invocation, genome);
}

Result<int> verb_genome_diff(const Invocation& invocation) {
  GENEPOOL_TRY(const auto catalog, open_catalog(invocation));
  GENEPOOL_TRY(const GenomeInfo from, catalog->genome(invocation.argument("GENOME")));
  GENEPOOL_TRY(const GenomeInfo to, catalog->genome(invocation.argument("OTHER")));
  const std::vector<Difference> lines = difference_of(from, to);
  if (invocation.has("--json")) {
    print(json_of_difference(from, to, lines) + "\n");
    return 0;
  }
  const Colours colours = colours_for(invocation);
  print(painted(fmt::format("- {}  {}\n", invocation.argument("GENOME"), brief(from.version)), Paint::kRed, colours));
  print(painted(fmt::format("+ {}  {}\n", invocation.argument("OTHER"), brief(to.version)), Paint::kGreen, colours));
  std::string field;
  for (const Difference& line : lines) {
    if (line.field != field) print(line.field + "\n");
    field = line.field;
    print(painted(fmt::format("  {} {}", line.sign, line.text), paint_of(line.sign), colours) + "\n");
  }
  if (lines.empty()) print("the same\n");
  return 0;
}

}  // namespace genepool::cli

#include "suite/report.h"

#include <fmt/core.h>

#include <algorithm>
#include <span>

#include "base/huge_pages.h"
#include "suite/bar_chart.h"
#include "suite/html_page.h"
#include "suite/questions.h"

namespace genepool::bench {
namespace {

using cli::Cell;
using cli::Colours;
using cli::Paint;
using cli::Table;

std::string head_text(const ReportHead& head, const Workload& workload, const SuiteOptions& options, Colours colours) {
  const Machine& machine = head.machine;
  std::string text = cli::painted(fmt::format("genepool {}, {}", head.version, machine.started), Paint::kBold, colours) + "\n";
  text += fmt::format("machine   {}\n", text_of(machine));
  text += fmt::format("engine    {}\n", head.engine);
  text += fmt::format("base      {} ({}), {}\n", workload.base_name.empty() ? "unnamed" : workload.base_name,
                      workload.base_id.substr(0, 12), without_machine(workload.base_path));
  text += fmt::format("layers    {} from {}, {} together\n", workload.layers.size(), without_machine(workload.layers_from),
                      cli::human_bytes(workload.layer_bytes));
  text += fmt::format("genomes   {}, {} tokens an answer, {} rounds{}\n", workload.genomes.size(), options.tokens,
                      options.repeats, options.is_quick ? " (quick)" : "");
  if (machine.is_busy()) {
    text += "note      other programs kept the cores busy when this began: times are worse than the machine's own\n";
  }
  if (!workload.is_on_disk) {
    text += "note      the temporary directory is in RAM, so \"page cache dropped\" did not read a disk: set TMPDIR\n";
  }
  return text;
}

std::string aims_text(const Measurement& row) {
  std::string text;
  for (const Bound& aim : row.aims) text += (text.empty() ? "" : ", ") + bound_text(row.unit, aim);
  return text;
}

Cell aim_cell(const Measurement& row) {
  if (row.aims.empty() || row.samples.empty()) return "";
  for (const Bound& aim : row.aims) {
    if (!is_within(row, aim)) return {"missed", Paint::kYellow};
  }
  return {"met", Paint::kGreen};
}

Cell verdict_cell(const Measurement& row) {
  const Verdict verdict = verdict_of(row);
  const Paint paint = verdict == Verdict::kPass ? Paint::kGreen : verdict == Verdict::kFail ? Paint::kRed : Paint::kYellow;
  return {std::string(name_of(verdict)), paint};
}

// A mean has no column of its own: its rows are few, and show it beside its limit.
std::string limit_text(const Measurement& row) {
  if (!row.limit) return "";
  const bool shows_mean = row.limit->statistic == Statistic::kMean && row.samples.size() > 1;
  const std::string mean = shows_mean ? fmt::format(" ({})", unit_text(row.unit, value_of(row, Statistic::kMean))) : "";
  return bound_text(row.unit, *row.limit) + mean;
}

std::vector<Cell> line_of(const Measurement& row) {
  const auto shown = [&](Statistic statistic) -> Cell {
    return row.samples.empty() ? "-" : unit_text(row.unit, value_of(row, statistic));
  };
  return {row.title,       shown(Statistic::kP50), shown(Statistic::kP99), shown(Statistic::kMax),
          cli::human_count(row.samples.size()), limit_text(row), verdict_cell(row), aims_text(row), aim_cell(row)};
}

std::string notes_text(const SuiteResult& result, Colours colours) {
  std::string text;
  for (const Measurement& row : result.rows) {
    if (!row.note.empty()) text += cli::painted(fmt::format("{}: {}", row.title, row.note), Paint::kDim, colours) + "\n";
  }
  return text;
}

// The founding document's limits, or the goals of a suite of ours.
std::string summary_text(const SuiteResult& result, Colours colours) {
  const auto limits = std::ranges::count_if(result.rows, [](const Measurement& row) { return row.limit.has_value(); });
  const auto count = [&](Verdict verdict) {
    return std::ranges::count_if(result.rows, [&](const Measurement& row) { return verdict_of(row) == verdict; });
  };
  const auto failed = count(Verdict::kFail), unmeasured = count(Verdict::kUnmeasured);
  const char* const what = result.suite == "limits" ? "limits of the founding document" : "goals";
  std::string text;
  if (failed > 0) {
    const std::string open = unmeasured == 0 ? "" : fmt::format(", {} not measured", unmeasured);
    text = cli::painted(fmt::format("{} of {} {} FAIL{}", failed, limits, what, open), Paint::kRed, colours);
  } else if (unmeasured > 0) {
    text = cli::painted(fmt::format("{} of {} {} measured, and those pass", limits - unmeasured, limits, what), Paint::kYellow, colours);
  } else if (limits > 0) {
    text = cli::painted(fmt::format("All {} {} pass", limits, what), Paint::kGreen, colours);
  } else {
    text = "No goals here";
  }
  text += fmt::format(", measured in {:.0f} s.\n", result.seconds);
  if (!result.broke_off.empty()) {
    text += cli::painted("The run broke off, rows without a figure were not measured: " + result.broke_off, Paint::kRed, colours) + "\n";
  }
  return text;
}

// A chart for each unit of the group, and the verdicts.
std::string group_html(std::span<const Measurement> rows) {
  std::string html;
  for (const Unit unit : {Unit::kMillis, Unit::kBytes, Unit::kRatio, Unit::kCount, Unit::kTokensPerSecond}) {
    std::vector<Bar> bars;
    for (const Measurement& row : rows) {
      if (row.unit != unit) continue;
      const double median = value_of(row, Statistic::kP50);
      const double least = row.samples.empty() ? 0 : std::ranges::min(row.samples);
      bars.push_back({row.title, row.samples.empty() ? "not measured" : unit_text(unit, median), median, least, value_of(row, Statistic::kP99), true});
    }
    if (!bars.empty()) html += bar_chart_svg(bars);
  }
  for (const Measurement& row : rows) {
    if (const Verdict verdict = verdict_of(row); verdict != Verdict::kNone) {
      html += fmt::format("<div>{}: {}: <b class=\"{}\">{}</b></div>", html_escaped(row.title), html_escaped(limit_text(row)),
                          verdict == Verdict::kPass ? "reached" : "missed", name_of(verdict));
    }
    if (!row.note.empty()) html += fmt::format("<div>{}: {}</div>", html_escaped(row.title), html_escaped(row.note));
  }
  return html;
}

std::string questions_text(const SuiteResult& result, Colours colours) {
  if (result.suite != "limits") return "";
  std::string text = "\nThe five key questions\n";
  for (const KeyAnswer& key : key_answers(result.rows)) {
    const char* const word = !key.is_yes ? "Not known" : *key.is_yes ? "Yes" : "NO";
    const Paint paint = !key.is_yes ? Paint::kYellow : *key.is_yes ? Paint::kGreen : Paint::kRed;
    text += fmt::format("  {} {}. {}\n", key.question, cli::painted(word, paint, colours), key.figures);
    if (key.is_yes == false) text += "      " + key.remedy + "\n";
  }
  return text;
}

std::string advice_text(const ReportHead& head, const SuiteOptions& options, const SuiteResult& result) {
  if (!options.wants_advice) return "";
  std::string text = "\nSettings for this machine (genepool.yaml)\n";
  const std::vector<Advice> advice = recommended_settings(result.rows, head.machine.memory_bytes, head.machine.cores);
  for (const Advice& one : advice) text += fmt::format("  {}: {}  # {}\n", one.setting, one.value, one.why);
  if (!has_huge_memory_files()) {
    text += fmt::format("and, as root: echo advise > {}  # huge pages: memory for a genome's page costs a tenth\n", kHugePagesSetting);
  }
  return advice.empty() ? text + "  none: the rows that they follow from were not measured\n" : text;
}

std::string answers_text(const SuiteResult& result, Colours colours) {
  std::string text;
  for (const Answer& answer : result.answers) {
    if (text.empty()) text = fmt::format("\nOne answer of each genome to \"{}\"\n", answer.prompt);
    text += fmt::format("\n{} = {}\n  {}\n", cli::painted(answer.genome, Paint::kBold, colours), answer.stack, answer.text);
  }
  return text;
}

}  // namespace

std::string unit_text(Unit unit, double value) {
  switch (unit) {
    case Unit::kMillis: return cli::human_ms(value);
    case Unit::kBytes: return value >= 1e9 ? fmt::format("{:.3g} GB", value / 1e9) : fmt::format("{:.3g} MB", value / 1e6);
    case Unit::kRatio: return fmt::format("{:.3f}", value);
    case Unit::kCount: return fmt::format("{:.0f}", value);
    case Unit::kTokensPerSecond: return fmt::format("{:.1f} tokens/s", value);
  }
  return "";
}

std::string bound_text(Unit unit, const Bound& bound) {
  std::string value;
  switch (unit) {
    case Unit::kMillis: value = bound.value >= 1000 ? fmt::format("{:g} s", bound.value / 1000) : fmt::format("{:g} ms", bound.value); break;
    case Unit::kRatio: value = fmt::format("{:g}", bound.value); break;
    case Unit::kBytes:
    case Unit::kTokensPerSecond:
    case Unit::kCount: value = unit_text(unit, bound.value); break;
  }
  const char* comparison = bound.is_least ? (bound.is_allowed ? ">=" : ">") : (bound.is_allowed ? "<=" : "<");
  return fmt::format("{} {} {}", name_of(bound.statistic), comparison, value);
}

std::string report_text(const ReportHead& head, const Workload& workload, const SuiteOptions& options,
                        const SuiteResult& result, Colours colours) {
  Table table({"WHAT", "P50", "P99", "MAX", "N", "LIMIT", "VERDICT", "OUR AIM", ""});
  std::string_view group;
  for (const Measurement& row : result.rows) {
    if (row.group != group) table.add({{row.group, Paint::kBold}, "", "", "", "", "", "", "", ""});
    group = row.group;
    table.add(line_of(row));
  }
  return head_text(head, workload, options, colours) + "\n" + table.text(colours) + "\n" + notes_text(result, colours) + "\n" +
         summary_text(result, colours) + questions_text(result, colours) + advice_text(head, options, result) + answers_text(result, colours);
}

std::string report_html(const ReportHead& head, const Workload& workload, const SuiteOptions& options, const SuiteResult& result) {
  std::string body;
  for (auto row = result.rows.begin(); row != result.rows.end();) {
    const auto end = std::find_if(row, result.rows.end(), [&](const Measurement& other) { return other.group != row->group; });
    body += fmt::format("<h2>{}</h2>", html_escaped(row->group)) + group_html({row, end});
    row = end;
  }
  return html_page("genepool bench " + result.suite, head_text(head, workload, options, Colours::kPlain),
                   fmt::format("<p>{} Bars are medians, lines reach from the least to the 99th percentile.</p>{}",
                               html_escaped(summary_text(result, Colours::kPlain)), body));
}

}  // namespace genepool::bench

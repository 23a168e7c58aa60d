#include "peers/peers_report.h"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "suite/bar_chart.h"
#include "suite/html_page.h"
#include "suite/machine_json.h"

namespace genepool::bench {
namespace {

using cli::Cell;
using cli::Colours;
using cli::Paint;
using Json = nlohmann::ordered_json;

std::string spread_text(Unit unit, const std::vector<double>& samples) {
  if (samples.empty()) return "-";
  const auto [least, most] = std::ranges::minmax(samples);
  return samples.size() == 1 ? "" : fmt::format("{} to {}", unit_text(unit, least), unit_text(unit, most));
}

std::string ratio_text(const std::vector<double>& ratios) {
  if (ratios.empty()) return "";
  const auto [least, most] = std::ranges::minmax(ratios);
  return fmt::format("{:.2f} ({:.2f} to {:.2f})", median_of(ratios), least, most);
}

Cell goal_cell(const Contest& contest) {
  const auto reached = contest.is_reached();
  if (!contest.goal) return "";
  const std::string goal = fmt::format(">= {:.3g}", *contest.goal);
  if (!reached) return {goal + " not compared", Paint::kYellow};
  return {goal + (*reached ? " reached" : " MISSED"), *reached ? Paint::kGreen : Paint::kRed};
}

Json json_of(const Contest& contest) {
  Json contestants = Json::array();
  for (const Contestant& one : contest.contestants) {
    contestants.push_back({{"name", one.name}, {"peer", one.is_peer}, {"command", one.command}, {"median", median_of(one.samples)},
                           {"samples", one.samples}, {"note", one.note}});
  }
  const Contestant* best = contest.best_peer();
  const auto reached = contest.is_reached();
  return {{"id", contest.id},
          {"title", contest.title},
          {"unit", name_of(contest.unit)},
          {"goal", contest.goal ? Json(*contest.goal) : Json()},
          {"best_peer", best ? Json(best->name) : Json()},
          {"ratio", median_of(contest.ratios())},
          {"ratios", contest.ratios()},
          {"reached", reached ? Json(*reached) : Json()},
          {"note", contest.note},
          {"contestants", std::move(contestants)}};
}

std::string head_text(const ReportHead& head, const Arena& arena) {
  const Machine& machine = head.machine;
  std::string text = fmt::format("genepool {} beside its peers, {}\nmachine   {}\nengine    llama.cpp, base {}\n"
                                 "layers    {}, {} a layer; {} tokens an answer, {} rounds, alternating\n",
                                 head.version, machine.started, text_of(machine), arena.workload.base_name,
                                 arena.workload.layers_from, cli::human_bytes(arena.workload.layer_bytes / arena.workload.layers.size()),
                                 arena.options.tokens, arena.options.rounds);
  if (machine.is_busy()) text += "note      other programs kept the cores busy when this began: trust the ratios, not the times\n";
  return text;
}

// "who: command", each once.
std::vector<std::string> commands_of(const std::vector<Contest>& contests) {
  std::vector<std::string> lines;
  for (const Contest& contest : contests) {
    for (const Contestant& one : contest.contestants) {
      const std::string line = fmt::format("{}: {}", one.name, one.command);
      if (!one.command.empty() && std::ranges::find(lines, line) == lines.end()) lines.push_back(line);
    }
  }
  return lines;
}

}  // namespace

std::string peers_text(const ReportHead& head, const Arena& arena, const std::vector<Contest>& contests, Colours colours) {
  cli::Table table({"WHAT", "WHO", "MEDIAN", "SPREAD", "GENEPOOL IS BETTER BY", "GOAL"});
  for (const Contest& contest : contests) {
    const Contestant* best = contest.best_peer();
    bool is_first = true;
    for (const Contestant& one : contest.contestants) {
      const bool is_decisive = &one == best;
      const std::string median = one.samples.empty() ? (one.note.empty() ? "-" : one.note) : unit_text(contest.unit, median_of(one.samples));
      table.add({is_first ? contest.title : "", one.name, median, spread_text(contest.unit, one.samples),
                 is_decisive ? ratio_text(contest.ratios()) : "", is_decisive ? goal_cell(contest) : Cell("")});
      is_first = false;
    }
    if (!contest.note.empty()) table.add({is_first ? contest.title : "", {"broke off: " + contest.note, Paint::kRed}, "", "", "", ""});
  }
  std::string text = fmt::format("{}\n{}\n", head_text(head, arena), table.text(colours));
  for (const std::string& line : commands_of(contests)) text += cli::painted(line, Paint::kDim, colours) + "\n";
  return text;
}

std::string peers_html(const ReportHead& head, const Arena& arena, const std::vector<Contest>& contests) {
  std::string page;
  for (const Contest& contest : contests) {
    std::vector<Bar> bars;
    for (const Contestant& one : contest.contestants) {
      if (one.samples.empty()) {
        bars.push_back({one.name, one.note});
        continue;
      }
      const auto [least, most] = std::ranges::minmax(one.samples);
      bars.push_back({one.name, unit_text(contest.unit, median_of(one.samples)), median_of(one.samples), least, most, !one.is_peer});
    }
    page += fmt::format("<h2>{}</h2><p>{} is better; bars are medians, lines the spread over the rounds.", html_escaped(contest.title),
                        contest.is_lower_better() ? "Less" : "More");
    if (const std::vector<double> ratios = contest.ratios(); !ratios.empty()) {
      page += fmt::format(" Against the best other one genepool is better by {}", ratio_text(ratios));
      if (const auto reached = contest.is_reached()) {
        page += fmt::format(", goal {:.3g}: <b class=\"{}\">{}</b>", *contest.goal, *reached ? "reached" : "missed", *reached ? "reached" : "missed");
      }
      page += ".";
    }
    if (!contest.note.empty()) page += " Broke off: " + html_escaped(contest.note);
    page += "</p>" + bar_chart_svg(bars);
  }
  page += "<h2>Commands</h2><ul>";
  for (const std::string& line : commands_of(contests)) page += "<li><code>" + html_escaped(line) + "</code></li>";
  return html_page("genepool beside its peers", head_text(head, arena), page + "</ul>");
}

std::string peers_json(const ReportHead& head, const Arena& arena, const std::vector<Contest>& contests) {
  Json rows = Json::array();
  for (const Contest& contest : contests) rows.push_back(json_of(contest));
  const Json report{{"kind", "peers"},
                    {"version", head.version},
                    {"started", head.machine.started},
                    {"machine", json_of(head.machine)},
                    {"base", arena.workload.base_name},
                    {"base_id", arena.workload.base_id},
                    {"layers", arena.workload.layers_from},
                    {"layer_bytes", arena.workload.layer_bytes},
                    {"tokens", arena.options.tokens},
                    {"rounds", arena.options.rounds},
                    {"contests", std::move(rows)}};
  return report.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace genepool::bench

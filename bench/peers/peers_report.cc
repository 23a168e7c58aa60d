#include "peers/peers_report.h"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

namespace genepool::bench {
namespace {

using cli::Cell;
using cli::Colours;
using cli::Paint;
using Json = nlohmann::ordered_json;

std::string value_text(Quantity quantity, double value) {
  switch (quantity) {
    case Quantity::kMillis: return cli::human_ms(value);
    case Quantity::kTokensPerSecond: return fmt::format("{:.1f} tokens/s", value);
    case Quantity::kBytes: return unit_text(Unit::kBytes, value);
  }
  return "";
}

std::string spread_text(Quantity quantity, const std::vector<double>& samples) {
  if (samples.empty()) return "-";
  const auto [least, most] = std::ranges::minmax(samples);
  return samples.size() == 1 ? "" : fmt::format("{} to {}", value_text(quantity, least), value_text(quantity, most));
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

std::string name_of(Quantity quantity) {
  switch (quantity) {
    case Quantity::kMillis: return "ms";
    case Quantity::kTokensPerSecond: return "tokens/s";
    case Quantity::kBytes: return "bytes";
  }
  return "";
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
          {"quantity", name_of(contest.quantity)},
          {"goal", contest.goal ? Json(*contest.goal) : Json()},
          {"best_peer", best ? Json(best->name) : Json()},
          {"ratio", median_of(contest.ratios())},
          {"ratios", contest.ratios()},
          {"reached", reached ? Json(*reached) : Json()},
          {"note", contest.note},
          {"contestants", std::move(contestants)}};
}

}  // namespace

std::string peers_text(const ReportHead& head, const Arena& arena, const std::vector<Contest>& contests, Colours colours) {
  cli::Table table({"WHAT", "WHO", "MEDIAN", "SPREAD", "GENEPOOL IS BETTER BY", "GOAL"});
  for (const Contest& contest : contests) {
    const Contestant* best = contest.best_peer();
    bool is_first = true;
    for (const Contestant& one : contest.contestants) {
      const bool is_decisive = &one == best;
      const std::string median = one.samples.empty() ? (one.note.empty() ? "-" : one.note) : value_text(contest.quantity, median_of(one.samples));
      table.add({is_first ? contest.title : "", one.name, median, spread_text(contest.quantity, one.samples),
                 is_decisive ? ratio_text(contest.ratios()) : "", is_decisive ? goal_cell(contest) : Cell("")});
      is_first = false;
    }
    if (!contest.note.empty()) table.add({is_first ? contest.title : "", {"broke off: " + contest.note, Paint::kRed}, "", "", "", ""});
  }
  const Machine& machine = head.machine;
  std::string text = fmt::format("genepool {} beside its peers, {}\nmachine   {}, {} cores, load {}\nengine    llama.cpp, base {}\n"
                                 "layers    {}, {} a layer; {} tokens an answer, {} rounds, alternating\n",
                                 head.version, machine.started, machine.cpu, machine.cores, machine.load_average, arena.workload.base_name,
                                 arena.workload.layers_from, cli::human_bytes(arena.workload.layer_bytes / arena.workload.layers.size()),
                                 arena.options.tokens, arena.options.rounds);
  if (machine.is_busy()) text += "note      other programs kept the cores busy when this began: trust the ratios, not the times\n";
  text += fmt::format("\n{}\n", table.text(colours));
  std::set<std::string> told;
  for (const Contest& contest : contests) {
    for (const Contestant& one : contest.contestants) {
      if (one.command.empty() || !told.insert(one.name + one.command).second) continue;
      text += cli::painted(fmt::format("{}: {}\n", one.name, one.command), Paint::kDim, colours);
    }
  }
  return text;
}

std::string peers_json(const ReportHead& head, const Arena& arena, const std::vector<Contest>& contests) {
  Json rows = Json::array();
  for (const Contest& contest : contests) rows.push_back(json_of(contest));
  const Json report{{"kind", "peers"},
                    {"version", head.version},
                    {"started", head.machine.started},
                    {"machine", {{"cpu", head.machine.cpu}, {"cores", head.machine.cores}, {"memory_bytes", head.machine.memory_bytes},
                                 {"kernel", head.machine.kernel}, {"load_average", head.machine.load_average}}},
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

#include <nlohmann/json.hpp>

#include "suite/machine_json.h"
#include "suite/questions.h"
#include "suite/report.h"

namespace genepool::bench {
namespace {

using Json = nlohmann::ordered_json;

Json json_of(const Measurement& row, const Bound& bound) {
  return {{"statistic", name_of(bound.statistic)},
          {"value", bound.value},
          {"inclusive", bound.is_allowed},
          {"met", is_within(row, bound)}};
}

Json json_of(const Measurement& row) {
  const Verdict verdict = verdict_of(row);
  Json aims = Json::array();
  for (const Bound& aim : row.aims) aims.push_back(json_of(row, aim));
  return {{"id", row.id},
          {"title", row.title},
          {"group", row.group},
          {"unit", name_of(row.unit)},
          {"n", row.samples.size()},
          {"p50", value_of(row, Statistic::kP50)},
          {"p99", value_of(row, Statistic::kP99)},
          {"mean", value_of(row, Statistic::kMean)},
          {"max", value_of(row, Statistic::kMax)},
          {"limit", row.limit ? json_of(row, *row.limit) : Json()},
          {"verdict", verdict == Verdict::kNone ? Json() : Json(name_of(verdict))},
          {"aims", std::move(aims)},
          {"note", row.note},
          {"samples", row.samples}};
}

Json json_of(const Workload& workload) {
  Json genomes = Json::array();
  for (const GenomeLine& line : workload.genomes) genomes.push_back({{"name", line.name}, {"stack", line.stack}});
  return {{"base_path", without_machine(workload.base_path)},     {"base_name", workload.base_name},     {"base_id", workload.base_id},
          {"layers_from", without_machine(workload.layers_from)}, {"layers", workload.layers},           {"layer_bytes", workload.layer_bytes},
          {"genomes", std::move(genomes)},       {"is_on_disk", workload.is_on_disk}};
}

}  // namespace

std::string report_json(const ReportHead& head, const Workload& workload, const SuiteOptions& options,
                        const SuiteResult& result) {
  Json rows = Json::array();
  for (const Measurement& row : result.rows) rows.push_back(json_of(row));
  Json answers = Json::array();
  for (const Answer& a : result.answers) {
    answers.push_back({{"genome", a.genome}, {"stack", a.stack}, {"prompt", a.prompt}, {"text", a.text}});
  }
  Json questions = Json::array(), advice = Json::array();
  if (result.suite == "limits") {
    for (const KeyAnswer& key : key_answers(result.rows)) {
      questions.push_back({{"question", key.question}, {"yes", key.is_yes ? Json(*key.is_yes) : Json()}, {"figures", key.figures}, {"remedy", key.remedy}});
    }
    for (const Advice& one : recommended_settings(result.rows, head.machine.memory_bytes, head.machine.cores)) {
      advice.push_back({{"setting", one.setting}, {"value", one.value}, {"why", one.why}});
    }
  }
  const Json report{{"kind", result.suite},
                    {"version", head.version},
                    {"started", head.machine.started},
                    {"seconds", result.seconds},
                    {"machine", json_of(head.machine)},
                    {"engine", head.engine},
                    {"workload", json_of(workload)},
                    {"options", {{"repeats", options.repeats}, {"tokens", options.tokens}, {"quick", options.is_quick}, {"settings", options.settings}}},
                    {"passed", result.is_good()},
                    {"broke_off", result.broke_off},
                    {"rows", std::move(rows)},
                    {"questions", std::move(questions)},
                    {"recommended", std::move(advice)},
                    {"answers", std::move(answers)}};
  return report.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace genepool::bench

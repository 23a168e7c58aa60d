// The JSON of `simulate`: keys in the reference, docs/guide/simulator.md.
#include <nlohmann/json.hpp>

#include "cli/simulate_views.h"

namespace genepool::cli {
namespace {

using Json = nlohmann::ordered_json;

Json times_json(const Quantiles& times) {
  return {{"p50", times.at(.5) * 1e3}, {"p90", times.at(.9) * 1e3}, {"p99", times.at(.99) * 1e3}, {"mean", times.mean() * 1e3}, {"n", times.count()}};
}

Json numbers_json(const std::vector<Decision::Number>& numbers) {
  Json json = Json::object();
  for (const Decision::Number& n : numbers) json[n.name] = n.value;
  return json;
}

Json decision_json(const Decision& d) {
  return {{"id", d.id}, {"t_seconds", d.t_seconds}, {"kind", decision_kind_name(d.kind)}, {"subject", d.subject}, {"action", d.action}, {"reason", d.reason},
          {"inputs", numbers_json(d.inputs)}, {"alternatives", numbers_json(d.alternatives)}, {"unit", d.unit}, {"expected", d.expected},
          {"realised", d.realised ? Json(*d.realised) : Json()}, {"outcome", d.outcome}};
}

Json policy_json(const PolicyStatus& policy) {
  Json experts = Json::object();
  for (const auto& expert : policy.experts) experts[std::string(expert.name)] = expert.loss_seconds;
  return {{"name", policy.name}, {"followed", policy.followed}, {"loss_seconds", experts}};
}

Json breakers_json(const SimulationResult& r) {
  Json moves = Json::array();
  for (const BreakerMove& move : r.breaker_moves) {
    moves.push_back({{"t_seconds", move.t_seconds}, {"genome", move.genome}, {"breaker", breaker_kind_name(move.change.kind)},
                     {"from", breaker_state_name(move.change.from)}, {"to", breaker_state_name(move.change.to)},
                     {"cause", breaker_cause_name(move.change.cause)}, {"why", move.change.why}});
  }
  return {{"shut", r.shut}, {"kept_out", r.kept_out}, {"moves", moves}};
}

Json contest_json(const Contest& contest) {
  const SimulationResult& r = contest.result;
  Json json = {{"policy", contest.contender.name},
               {"misses", r.misses()},
               {"from", {{"cold", r.by_tier[0]}, {"warm", r.by_tier[1]}, {"hot", r.by_tier[2]}}},
               {"ratio", {{"value", contest.ratio}, {"least", contest.has_interval ? Json(contest.least) : Json()}, {"most", contest.has_interval ? Json(contest.most) : Json()}}},
               {"answered", r.answered}, {"refused", r.refusals}, {"left_hot", r.kills},
               {"loads", r.loads}, {"load_seconds", r.load_seconds}, {"mean_hot", r.mean_slots()}, {"gb_seconds", r.gb_seconds},
               {"grant_ms", times_json(r.grant)}, {"first_token_ms", times_json(r.first_token)}, {"total_ms", times_json(r.total)},
               {"faults", {{"loads_failed", r.faults.loads_failed}, {"starts_failed", r.faults.starts_failed}, {"workers_died", r.faults.workers_died},
                            {"slow_answers", r.faults.slow_answers}}},
               {"breakers", breakers_json(r)},
               {"hot_policy", policy_json(r.hot_policy)}, {"warm_policy", policy_json(r.warm_policy)}};
  if (contest.contender.manager.mode == ManagerMode::kOff) return json;
  const ManagerStatus& m = r.manager;
  json["guesses"] = {{"issued", m.guesses.issued}, {"used", m.guesses.used}, {"wasted", m.guesses.wasted}, {"wasted_ms", m.guesses.wasted_ms},
                     {"precision", m.guesses.precision}, {"recall", m.guesses.recall}, {"gate_open_share", m.gate_open_share}};
  json["hints"] = {{"taken", m.hints_taken}, {"came", m.hints_came}, {"expired", m.hints_expired}};
  json["max_hot"] = Json::array();
  for (const auto& [t, size] : r.sizes) json["max_hot"].push_back({{"t_seconds", t}, {"value", size}});
  json["decisions"] = Json::array();
  for (const Decision& d : r.decisions) json["decisions"].push_back(decision_json(d));
  return json;
}

}  // namespace

std::string simulation_json(const SimulatedTrace& trace, const std::vector<Contest>& contests, const Regret& regret) {
  Json json = {{"trace", {{"name", trace.name}, {"requests", trace.requests}, {"genomes", trace.genomes}, {"seconds", trace.seconds}}},
               {"min_misses", regret.min_misses},
               {"bound_seconds", regret.bound_s},
               {"results", Json::array()}};
  for (const Contest& contest : contests) json["results"].push_back(contest_json(contest));
  return json.dump(2) + "\n";
}

std::string targets_json(const TargetReport& report) {
  Json json = Json::array();
  for (const TargetRow& row : report.rows) {
    json.push_back({{"id", row.id}, {"what", row.what}, {"goal", row.goal}, {"reached", row.reached},
                    {"met", row.verdict == Verdict::kInfo ? Json() : Json(row.verdict == Verdict::kMet)}});
  }
  return json.dump(2) + "\n";
}

}  // namespace genepool::cli

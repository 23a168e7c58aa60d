// /api/decisions: what the manager, a policy or a breaker chose, and why. docs/reference/admin-api.md is the contract.
#include <charconv>
#include <limits>

#include "api/context.h"
#include "api/views.h"

namespace genepool::api {
namespace {

constexpr std::uint64_t kMostId = std::numeric_limits<std::int64_t>::max();

Out numbers_json(const std::vector<Decision::Number>& numbers) {
  Out list = Out::array();
  for (const Decision::Number& number : numbers) list.push_back({{"name", number.name}, {"value", number.value}, {"unit", number.unit}});
  return list;
}

Out decision_json(const Decision& d) {
  return {{"id", d.id},
          {"time_ms", d.unix_ms},
          {"t_seconds", d.t_seconds},
          {"kind", decision_kind_name(d.kind)},
          {"subject", d.subject},
          {"action", d.action},
          {"reason", d.reason},
          {"is_advice", d.is_advice},
          {"inputs", numbers_json(d.inputs)},
          {"alternatives", numbers_json(d.alternatives)},
          {"unit", d.unit},
          {"expected", d.expected},
          {"realised", d.realised ? Out(*d.realised) : Out()},
          {"outcome", d.outcome.empty() ? Out() : Out(d.outcome)}};
}

Result<std::optional<DecisionKind>> kind_of(const Call& call) {
  const std::string text = call.query("kind");
  if (text.empty()) return std::nullopt;
  if (const auto kind = decision_kind_from(text)) return kind;
  std::string known;
  for (std::size_t i = 0; i < kDecisionKinds; ++i) known.append(i == 0 ? "" : ", ").append(decision_kind_name(static_cast<DecisionKind>(i)));
  return fail_param(Code::kBadRequest, "kind", "kind must be one of {}, found \"{}\"", known, text);
}

Result<Out> list_decisions(Runtime& runtime, const Call& call) {
  DecisionQuery query;
  GENEPOOL_TRY(query.kind, kind_of(call));
  GENEPOOL_TRY(query.limit, query_count(call, "limit", 1, kMostRows, 100));
  GENEPOOL_TRY(query.after, query_count(call, "after", 0, kMostId, 0));
  GENEPOOL_TRY(query.before, query_count(call, "before", 1, kMostId, 0));
  GENEPOOL_TRY(const std::vector<Decision> decisions, runtime.decisions(query));
  Out list = Out::array();
  for (const Decision& decision : decisions) list.push_back(decision_json(decision));
  return Out{{"decisions", std::move(list)}};
}

Result<Out> show_decision(Runtime& runtime, const std::string& text) {
  std::uint64_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (error != std::errc() || end != text.data() + text.size()) {
    return fail_param(Code::kBadRequest, "id", "\"{}\" is no number of a decision", text);
  }
  GENEPOOL_TRY(const Decision decision, runtime.decision(id));
  return decision_json(decision);
}

}  // namespace

void add_decisions(Router& router, Context& context) {
  router.add("GET", "/api/decisions", [&](const CallPtr& call) {
    answer_offloaded(context, call, 200, [&context, call] { return list_decisions(context.runtime, *call); });
  });
  router.add("GET", "/api/decisions/{id}", [&](const CallPtr& call) {
    answer_offloaded(context, call, 200, [&context, call] { return show_decision(context.runtime, call->args[0]); });
  });
}

}  // namespace genepool::api

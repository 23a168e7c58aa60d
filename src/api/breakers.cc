// /api/breakers: whom the breakers keep out and why, and an operator's say. docs/reference/admin-api.md is the contract.
#include <algorithm>

#include "api/context.h"
#include "api/views.h"

namespace genepool::api {
namespace {

Out breaker_json(const BreakerStatus& status, Instant now) {
  const bool is_waiting = status.state == BreakerState::kOpen || status.state == BreakerState::kQuarantined;
  const bool is_known = is_waiting && status.retry_in != Duration::max();
  return {{"state", breaker_state_name(status.state)},
          {"cause", breaker_cause_name(status.cause)},
          {"why", status.why},
          {"for_ms", status.since == Instant{} ? Out() : Out(to_ms(now - status.since))},
          {"retry_in_ms", is_known ? Out(to_ms(status.retry_in)) : Out()},
          {"times_opened", status.times_opened},
          {"outcomes", {{"good", status.outcomes.good}, {"slow", status.outcomes.slow}, {"failed", status.outcomes.failed}}}};
}

Out row_json(const BreakerRow& row, Instant now) {
  return {{"genome", row.name},
          {"identity", row.breakers.identity.hex()},
          {"load", breaker_json(row.breakers.load, now)},
          {"answer", breaker_json(row.breakers.answer, now)},
          {"crash_loops", row.breakers.crash_loops}};
}

Result<Out> list_breakers(Runtime& runtime) {
  const RuntimeStatus status = runtime.status(false);
  Out rows = Out::array();
  for (const BreakerRow& row : status.breakers) rows.push_back(row_json(row, status.as_of));
  return Out{{"mode", status.pool.knobs.has_breakers ? "on" : "off"}, {"breakers", std::move(rows)}};
}

// A genome whose breakers are as new is not remembered: it is shown as such.
Result<Out> show_breakers(Runtime& runtime, const ResolvedGenome& genome) {
  const RuntimeStatus status = runtime.status(false);
  const auto row = std::ranges::find(status.breakers, genome.identity, [](const BreakerRow& r) { return r.breakers.identity; });
  const BreakerRow as_new{genome.name, {.identity = genome.identity}};
  return row_json(row == status.breakers.end() ? as_new : *row, status.as_of);
}

Result<BreakerWish> wish_from(const std::string& body) {
  GENEPOOL_TRY(const Json object, parse_object(body));
  const Fields fields(object);
  GENEPOOL_TRY_VOID(fields.only({"action"}));
  GENEPOOL_TRY(const std::string action, fields.required_text("action"));
  if (action == "open") return BreakerWish::kOpen;
  if (action == "disable") return BreakerWish::kDisable;
  if (action == "reset") return BreakerWish::kReset;
  return fields.wrong("action", "\"open\", \"disable\" or \"reset\"");
}

void set_breaker(Context& context, const CallPtr& call) {
  const auto genome = context.runtime.resolve(call->args[0]);
  if (!genome) return call->reply_error(genome.error());
  const auto wish = wish_from(call->request.body);
  if (!wish) return call->reply_error(wish.error());
  context.runtime.set_breaker(*genome, *wish, [&context, call, genome = *genome](const Result<void>& done) {
    if (!done) return call->reply_error(done.error());
    answer_offloaded(context, call, 200, [&context, genome] { return show_breakers(context.runtime, genome); });
  });
}

}  // namespace

void add_breakers(Router& router, Context& context) {
  router.add("GET", "/api/breakers", [&](const CallPtr& call) {
    answer_offloaded(context, call, 200, [&context] { return list_breakers(context.runtime); });
  });
  router.add("POST", "/api/breakers/{name}", [&](const CallPtr& call) { set_breaker(context, call); });
}

}  // namespace genepool::api

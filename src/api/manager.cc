// /api/manager: what the manager sees and does; /api/hint: a client says that a session opens soon. docs/reference/admin-api.md.
#include "api/context.h"
#include "api/json.h"
#include "api/user_number.h"
#include "api/views.h"
#include "manager/settings_of_config.h"

namespace genepool::api {
namespace {

const char* state_of(const RuntimeStatus& status) {
  if (status.manager_mode == "off") return "off";
  return status.manager_pid > 0 ? "running" : "static";
}

Out manager_view(const RuntimeStatus& status, const Config& config) {
  const ManagerStatus& m = status.manager;
  Out voices = Out::object();
  for (const Decision::Number& voice : m.voices) voices[voice.name] = voice.value;
  const auto policy = [](const PolicyStatus& p) {
    Out losses = Out::object();
    for (const auto& expert : p.experts) losses[std::string(expert.name)] = expert.loss_seconds;
    return Out{{"name", p.name}, {"follows", p.followed}, {"loss_seconds", std::move(losses)}};
  };
  return {{"mode", status.manager_mode},
          {"state", state_of(status)},
          {"why", status.manager_static.empty() ? Out() : Out(status.manager_static)},
          {"pid", status.manager_pid > 0 ? Out(status.manager_pid) : Out()},
          {"sizing", config.manager_sizing},
          {"prefetch", config.manager_prefetch},
          {"max_hot", config.pool_max_hot},
          {"max_hot_is_ours", manager_settings_of(config, {}).may_size_hot},
          {"hot_policy", policy(status.pool.hot_policy)},
          {"warm_policy", policy(status.pool.warm_policy)},
          {"gate", {{"is_open", m.is_gate_open}, {"open_share", m.gate_open_share}, {"loss_with_s", m.loss_with_s}, {"loss_without_s", m.loss_without_s}}},
          {"guesses", {{"issued", m.guesses.issued}, {"used", m.guesses.used}, {"wasted", m.guesses.wasted}, {"wasted_ms", m.guesses.wasted_ms},
                       {"precision", m.guesses.precision}, {"recall", m.guesses.recall}, {"used_of_last_50", m.guesses.recently_used}}},
          {"hints", {{"taken", m.hints_taken}, {"came", m.hints_came}, {"expired", m.hints_expired}}},
          {"prediction", {{"log_loss", m.log_loss}, {"voices", std::move(voices)}}},
          {"regret", m.regret ? Out(*m.regret) : Out()},
          {"brake", m.brake.empty() ? Out() : Out(m.brake)},
          {"brake_blind_to", m.brake_blind_to.empty() ? Out() : Out(m.brake_blind_to)},
          {"decisions", m.decisions}};
}

// A time as a text like "5s", or as a number of seconds.
Result<void> read_time(const Fields& fields, const char* key, Duration& value) {
  const Json* given = fields.find(key);
  if (given == nullptr) return {};
  if (given->is_string()) {
    const auto ms = parse_millis(given->get<std::string>());
    if (!ms || *ms < 0) return fields.wrong(key, "a time like \"5s\", or seconds");
    value = std::chrono::milliseconds(*ms);
    return {};
  }
  double seconds = 0;
  GENEPOOL_TRY_VOID(fields.number(key, 0, 3600, seconds));
  value = from_ms(seconds * 1e3);
  return {};
}

Result<Runtime::ExpectedFrom> read_hint(Runtime& runtime, const std::string& text) {
  GENEPOOL_TRY(const Json body, parse_object(text));
  const Fields fields(body);
  GENEPOOL_TRY_VOID(fields.only({"genome", "user", "eta", "ttl", "source"}));
  std::string genome, user, source;
  GENEPOOL_TRY_VOID(fields.text("genome", genome));
  GENEPOOL_TRY_VOID(fields.text("user", user));
  GENEPOOL_TRY_VOID(fields.text("source", source));
  if (genome.empty() && user.empty()) return fail_param(Code::kBadRequest, "genome", "name the genome, or the user whose last genome is meant");
  Runtime::ExpectedFrom session;
  GENEPOOL_TRY_VOID(read_time(fields, "eta", session.eta));
  GENEPOOL_TRY_VOID(read_time(fields, "ttl", session.ttl));
  if (!user.empty()) session.user = user_number(user);
  session.source = user_number(source.empty() ? user : source);
  if (genome.empty()) return session;
  GENEPOOL_TRY(session.genome, runtime.resolve(genome));
  return session;
}

void hint(Context& context, const CallPtr& call) {
  const auto session = read_hint(context.runtime, call->request.body);
  if (!session) return call->reply_error(session.error());
  context.runtime.expect_session(*session, [call](const Result<void>& taken) {
    if (!taken) return call->reply_error(taken.error());
    call->reply_json(202, R"({"taken":true})");
  });
}

}  // namespace

void add_manager(Router& router, Context& context) {
  router.add("GET", "/api/manager", [&](const CallPtr& call) {
    answer_offloaded(context, call, 200, [&context]() -> Result<Out> { return manager_view(context.runtime.status(false), context.runtime.config()); });
  });
  router.add("POST", "/api/hint", [&](const CallPtr& call) { hint(context, call); });
}

}  // namespace genepool::api

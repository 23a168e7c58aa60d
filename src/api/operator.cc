// What an operator does to what runs: warm, load, evict, pin, cancel, knobs. docs/reference/admin-api.md is the contract.
#include "api/context.h"
#include "api/receipt.h"
#include "api/views.h"
#include "config/config.h"

namespace genepool::api {
namespace {

// Answers {"genome", "tier", "ms"} when the runtime has done it. Its callback comes on the strand, where status() must not
// be asked: the answer is made on a loader thread.
Runtime::Done answer_with_tier(Context& context, const CallPtr& call, const ResolvedGenome& genome) {
  return [&context, call, name = genome.name, identity = genome.identity](const Result<void>& done) {
    if (!done) return call->reply_error(done.error());
    const double ms = to_ms(monotonic_now() - call->began);
    answer_offloaded(context, call, 200, [&context, name, identity, ms]() -> Result<Out> {
      const RuntimeStatus status = context.runtime.status(false);
      return Out{{"genome", name}, {"tier", tier_text(tier_of(by_identity(status), identity))}, {"ms", ms}};
    });
  };
}

using Move = std::function<void(Runtime&, const ResolvedGenome&, Runtime::Done)>;

void move(Context& context, const CallPtr& call, const Move& what) {
  const auto genome = context.runtime.resolve(call->args[0]);
  if (!genome) return call->reply_error(genome.error());
  what(context.runtime, *genome, answer_with_tier(context, call, *genome));
}

void evict(Context& context, const CallPtr& call) {
  std::string to = "warm";
  if (!call->request.body.empty()) {
    const auto body = parse_object(call->request.body);
    if (!body) return call->reply_error(body.error());
    const Fields fields(*body);
    if (const auto known = fields.only({"to"}); !known) return call->reply_error(known.error());
    if (const auto read = fields.text("to", to); !read) return call->reply_error(read.error());
    if (to != "warm" && to != "cold") return call->reply_error(fields.wrong("to", "\"warm\" or \"cold\"").value());
  }
  move(context, call, [&](Runtime& runtime, const ResolvedGenome& genome, Runtime::Done done) {
    if (to == "cold") return runtime.bring_to(genome, Goal::kCold, std::move(done));
    runtime.demote(genome, std::move(done));
  });
}

void cancel(Context& context, const CallPtr& call) {
  const std::string& id = call->args[0];
  const auto request = context.inflight.find(id);
  if (!request) return call->reply_error(fail(Code::kNotFound, "no request \"{}\" is being answered", id).value());
  context.runtime.cancel(*request);
  call->reply_json(200, dump(Out{{"cancelled", id}}));
}

std::string knobs_text(const Config& config) {
  Out knobs = Out::array();
  for (const ParamRow& row : param_rows()) {
    const auto origin = config.origins.find(row.name);
    knobs.push_back({{"name", row.name},
                     {"value", param_text(config, row.name).value_or("")},
                     {"origin", origin_name(origin == config.origins.end() ? Origin::kDefault : origin->second)},
                     {"default", row.default_text},
                     {"live", row.live != Live::kRestart},
                     {"doc", row.doc}});
  }
  return dump(Out{{"knobs", std::move(knobs)}});
}

Result<void> check_may_set(const Call& call, const std::string& name) {
  const auto rows = param_rows();
  const auto row = std::ranges::find(rows, name, &ParamRow::name);
  if (row == rows.end() || row->live != Live::kLocal || call.request.is_local_socket) return {};
  return fail_param(Code::kForbidden, "name", "{} is set at the start or over the Unix socket, not over TCP: it says what is run or called", name);
}

void post_knob(Context& context, const CallPtr& call) {
  const auto set = [&]() -> Result<void> {
    GENEPOOL_TRY(const Json body, parse_object(call->request.body));
    const Fields fields(body);
    GENEPOOL_TRY_VOID(fields.only({"name", "value"}));
    GENEPOOL_TRY(const std::string name, fields.required_text("name"));
    GENEPOOL_TRY_VOID(check_may_set(*call, name));
    const Json* value = fields.find("value");
    if (!value || value->is_structured()) return fields.wrong("value", "a string, a number, true or false");
    // "5" and 5 mean the same.
    GENEPOOL_TRY_VOID(context.runtime.set_param(name, value->is_string() ? value->get<std::string>() : value->dump()));
    context.refresh();
    return {};
  };
  if (const auto done = set(); !done) return call->reply_error(done.error());
  call->reply_json(200, knobs_text(context.runtime.config()));
}

}  // namespace

void add_operator(Router& router, Context& context) {
  const auto add_move = [&](std::string_view pattern, Move what) {
    router.add("POST", pattern, [&context, what = std::move(what)](const CallPtr& call) { move(context, call, what); });
  };
  add_move("/api/genomes/{name}/warm", [](Runtime& runtime, const ResolvedGenome& genome, Runtime::Done done) {
    runtime.bring_to(genome, Goal::kWarm, std::move(done));
  });
  add_move("/api/genomes/{name}/load", [](Runtime& runtime, const ResolvedGenome& genome, Runtime::Done done) {
    runtime.bring_to(genome, Goal::kHot, std::move(done));
  });
  add_move("/api/genomes/{name}/pin", [](Runtime& runtime, const ResolvedGenome& genome, Runtime::Done done) {
    runtime.set_pin(genome, true, std::move(done));
  });
  add_move("/api/genomes/{name}/unpin", [](Runtime& runtime, const ResolvedGenome& genome, Runtime::Done done) {
    runtime.set_pin(genome, false, std::move(done));
  });
  router.add("POST", "/api/genomes/{name}/evict", [&](const CallPtr& call) { evict(context, call); });
  router.add("POST", "/api/inflight/{id}/cancel", [&](const CallPtr& call) { cancel(context, call); });
  router.add("GET", "/api/knobs",
             [&](const CallPtr& call) { call->reply_json(200, knobs_text(context.runtime.config())); });
  router.add("POST", "/api/knobs", [&](const CallPtr& call) { post_knob(context, call); });
}

}  // namespace genepool::api

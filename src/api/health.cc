// /health, /ready, /metrics, and / for who looks by hand.
#include "api/context.h"
#include "api/json.h"
#include "api/views.h"

namespace genepool::api {
namespace {

// loading and failed are 503: an orchestrator restarts a server whose base has been given up. draining is 200: it works, and
// /ready says that nothing new should be sent.
struct Health {
  const char* status;
  int http_status;
};
Health health_of(const RuntimeStatus& status, bool is_draining) {
  switch (status.base_phase) {
    case BasePhase::kLoading: return {"loading", 503};
    case BasePhase::kFailed: return {"failed", 503};
    case BasePhase::kRestarting: return {"degraded", 200};
    case BasePhase::kReady: break;
  }
  if (is_draining) return {"draining", 200};
  return {status.thrash.is_thrashing ? "degraded" : "ok", 200};
}

const char* phase_text(BasePhase phase) {
  switch (phase) {
    case BasePhase::kLoading: return "loading";
    case BasePhase::kReady: return "ready";
    case BasePhase::kRestarting: return "restarting";
    case BasePhase::kFailed: return "failed";
  }
  return "loading";
}

void health(Context& context, const Call& call) {
  const RuntimeStatus status = context.runtime.status(false);
  const bool is_draining = context.is_draining.load();
  const Health health = health_of(status, is_draining);
  const Out body = {{"status", health.status},
                    {"is_draining", is_draining},
                    {"base",
                     {{"phase", phase_text(status.base_phase)},
                      {"name", context.runtime.base().name},
                      {"error", status.base_error.empty() ? Out() : Out(status.base_error)}}},
                    {"engine", status.engine.engine},
                    {"manager", {{"mode", status.manager_mode}, {"why_static", status.manager_static.empty() ? Out() : Out(status.manager_static)}}},
                    {"uptime_ms", status.uptime_ms},
                    {"hot", status.pool.hot},
                    {"warm", status.pool.warm},
                    {"waiting", status.pool.waiting},
                    {"in_flight", status.pool.in_flight},
                    {"thrash", thrash_json(status.thrash, status.thrash_causes)}};
  call.reply_json(health.http_status, dump(body));
}

void ready(Context& context, const Call& call) {
  const bool is_ready = context.runtime.is_ready() && !context.is_draining;
  call.reply_json(is_ready ? 200 : 503, is_ready ? R"({"status":"ready"})" : R"({"status":"not ready"})");
}

}  // namespace

void add_health(Router& router, Context& context) {
  router.add("GET", "/", [](const CallPtr& call) { call->reply(200, "text/plain; charset=utf-8", "genepool is running\n"); });
  router.add("GET", "/health", [&](const CallPtr& call) { health(context, *call); });
  router.add("GET", "/v1/health", [&](const CallPtr& call) { health(context, *call); });
  router.add("GET", "/ready", [&](const CallPtr& call) { ready(context, *call); });
  router.add("GET", "/metrics", [&](const CallPtr& call) {
    (void)context.runtime.status(false);  // brings the gauges up to date
    call->reply(200, "text/plain; version=0.0.4; charset=utf-8", context.runtime.metrics().text());
  });
}

}  // namespace genepool::api

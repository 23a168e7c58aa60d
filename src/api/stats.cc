// What runs and what it costs: /api/ps, /api/tiers, /api/workers, /api/stats, /api/trace. docs/reference/admin-api.md is the contract.
#include "api/context.h"
#include "api/views.h"

namespace genepool::api {
namespace {

Out residents_json(const RuntimeStatus& status) {
  Out genomes = Out::array();
  for (const ResidentRow& row : status.residents) genomes.push_back(resident_json(row));
  return genomes;
}

Result<Out> residents(Runtime& runtime) { return Out{{"genomes", residents_json(runtime.status(true))}}; }

Out requests_json(const RuntimeStatus& status) {
  Out requests = Out::array();
  for (const RequestRow& row : status.requests) {
    requests.push_back({{"request", row.label}, {"genome", row.genome}, {"stage", row.stage}, {"ms", row.ms}, {"tokens", row.tokens}});
  }
  return requests;
}

Result<Out> inflight(Runtime& runtime) { return Out{{"requests", requests_json(runtime.status(false))}}; }

Out tier(std::uint64_t genomes, std::uint64_t limit_genomes, std::uint64_t bytes, std::uint64_t limit_bytes) {
  return {{"genomes", genomes}, {"limit_genomes", limit_genomes}, {"bytes", bytes}, {"limit_bytes", limit_bytes}};
}

Out tiers_json(const RuntimeStatus& status) {
  const PoolSnapshot& pool = status.pool;
  return Out{{"hot", tier(pool.hot, pool.knobs.max_hot, pool.hot_bytes, pool.knobs.hot_bytes)},
             {"warm", tier(pool.warm, pool.knobs.warm_max_genomes, pool.warm_page_bytes, pool.knobs.warm_bytes)},
             {"layers", {{"bytes", pool.layer_bytes}}},
             {"kv", {{"genomes", status.kv.genomes}, {"tokens", status.kv.tokens}, {"bytes", status.kv.bytes}, {"limit_bytes", status.kv_limit_bytes}}},
             {"waiting", pool.waiting},
             {"in_flight", pool.in_flight}};
}

Result<Out> tiers(Runtime& runtime) { return tiers_json(runtime.status(false)); }

Result<Out> workers(Runtime& runtime) {
  const RuntimeStatus status = runtime.status(true);
  Out list = Out::array();
  for (const ResidentRow& row : status.residents) {
    if (!row.status.worker) continue;
    const Out all = resident_json(row);
    list.push_back({{"worker", *row.status.worker},
                    {"pid", row.pid},
                    {"genome", row.name},
                    {"state", all.at("state")},
                    {"in_flight", row.status.in_flight},
                    {"pss_bytes", row.pss_bytes},
                    {"private_bytes", row.private_bytes}});
  }
  return Out{{"zygote_pid", status.zygote_pid}, {"spare_pid", status.spare_pid}, {"workers", std::move(list)}};
}

Result<Out> trace(Runtime& runtime) {
  const TraceStatus status = runtime.trace_status();
  return Out{{"recording", status.is_recording},
             {"paused_because", status.paused_because.empty() ? Out() : Out(status.paused_because)},
             {"directory", status.directory},
             {"files", status.files},
             {"bytes", status.bytes},
             {"limit_bytes", status.limit_bytes},
             {"since_ms", status.since_ms ? Out(*status.since_ms) : Out()},
             {"rows", status.rows},
             {"rows_lost", status.rows_lost}};
}

// The founding document's own names.
Out stats_json(const RuntimeStatus& status, const Metrics& metrics, bool with_samples) {
  const auto count = [&](Counter counter, std::string_view label) {
    return static_cast<std::uint64_t>(metrics.value(counter, {label}));
  };
  Out out;
  for (int i = 0; i < static_cast<int>(Timing::kCount); ++i) {
    const auto timing = static_cast<Timing>(i);
    const TimingSummary summary = metrics.summary(timing);
    Out& row = out[std::string(timing_name(timing))];
    row = {{"count", summary.count},     {"p50_ms", summary.p50_ms}, {"p99_ms", summary.p99_ms},
           {"mean_ms", summary.mean_ms}, {"max_ms", summary.max_ms}};
    if (with_samples) row["recent_ms"] = summary.recent_ms;
  }
  out["cacheHits"] = count(Counter::kLayerLookups, "hit");
  out["cacheMisses"] = count(Counter::kLayerLookups, "miss");
  out["hotHits"] = count(Counter::kLookups, "hot");
  out["warmHits"] = count(Counter::kLookups, "warm");
  out["coldStarts"] = count(Counter::kLookups, "cold");
  out["assemblyToInferenceRatio"] = status.thrash.ratio;
  out["evictionRate"] = status.evictions_last_minute;
  Out& thrash = out["thrash"] = thrash_json(status.thrash, status.thrash_causes);
  thrash["requests"] = static_cast<std::uint64_t>(metrics.total(Counter::kThrashRequests));
  thrash["alarms"] = static_cast<std::uint64_t>(metrics.total(Counter::kThrashAlarms));
  return out;
}

Result<Out> stats(Runtime& runtime) { return stats_json(runtime.status(false), runtime.metrics(), true); }

}  // namespace

Out status_json(Runtime& runtime) {
  const RuntimeStatus status = runtime.status(true);
  return {{"tiers", tiers_json(status)},
          {"genomes", residents_json(status)},
          {"requests", requests_json(status)},
          {"stats", stats_json(status, runtime.metrics(), false)}};
}

void add_stats(Router& router, Context& context) {
  const auto add = [&](std::string_view pattern, Result<Out> (*make)(Runtime&)) {
    router.add("GET", pattern, [&context, make](const CallPtr& call) {
      answer_offloaded(context, call, 200, [&context, make] { return make(context.runtime); });
    });
  };
  add("/api/inflight", inflight);
  add("/api/ps", residents);
  add("/api/tiers", tiers);
  add("/api/workers", workers);
  add("/api/stats", stats);
  add("/api/trace", trace);
}

}  // namespace genepool::api

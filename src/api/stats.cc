// What runs and what it costs: /api/ps, /api/tiers, /api/workers, /api/stats. docs/reference/admin-api.md is the contract.
#include "api/context.h"
#include "api/views.h"

namespace genepool::api {
namespace {

Result<Out> residents(Runtime& runtime) {
  Out genomes = Out::array();
  for (const ResidentRow& row : runtime.status(true).residents) genomes.push_back(resident_json(row));
  return Out{{"genomes", std::move(genomes)}};
}

Out tier(std::uint64_t genomes, std::uint64_t limit_genomes, std::uint64_t bytes, std::uint64_t limit_bytes) {
  return {{"genomes", genomes}, {"limit_genomes", limit_genomes}, {"bytes", bytes}, {"limit_bytes", limit_bytes}};
}

Result<Out> tiers(Runtime& runtime) {
  const PoolSnapshot pool = runtime.status(false).pool;
  return Out{{"hot", tier(pool.hot, pool.knobs.max_hot, pool.hot_bytes, pool.knobs.hot_bytes)},
             {"warm", tier(pool.warm, pool.knobs.warm_max_genomes, pool.warm_page_bytes, pool.knobs.warm_bytes)},
             {"layers", {{"bytes", pool.layer_bytes}}},
             {"waiting", pool.waiting},
             {"in_flight", pool.in_flight}};
}

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
  return Out{{"zygote_pid", status.zygote_pid}, {"workers", std::move(list)}};
}

Out timing_json(const TimingSummary& summary) {
  return {{"count", summary.count},     {"p50_ms", summary.p50_ms}, {"p99_ms", summary.p99_ms},
          {"mean_ms", summary.mean_ms}, {"max_ms", summary.max_ms}, {"recent_ms", summary.recent_ms}};
}

// The founding document's own names.
Result<Out> stats(Runtime& runtime) {
  const RuntimeStatus status = runtime.status(false);
  const Metrics& metrics = runtime.metrics();
  const auto count = [&](Counter counter, std::string_view label) {
    return static_cast<std::uint64_t>(metrics.value(counter, {label}));
  };
  Out out;
  for (int i = 0; i < static_cast<int>(Timing::kCount); ++i) {
    const auto timing = static_cast<Timing>(i);
    out[std::string(timing_name(timing))] = timing_json(metrics.summary(timing));
  }
  out["cacheHits"] = count(Counter::kLayerLookups, "hit");
  out["cacheMisses"] = count(Counter::kLayerLookups, "miss");
  out["hotHits"] = count(Counter::kLookups, "hot");
  out["warmHits"] = count(Counter::kLookups, "warm");
  out["coldStarts"] = count(Counter::kLookups, "cold");
  out["assemblyToInferenceRatio"] = status.thrash.ratio;
  out["evictionRate"] = status.evictions_last_minute;
  out["thrash"] = {{"is_thrashing", status.thrash.is_thrashing},
                   {"ratio", status.thrash.ratio},
                   {"mean_assembly_ms", status.thrash.mean_assembly_ms},
                   {"mean_inference_ms", status.thrash.mean_inference_ms},
                   {"requests", static_cast<std::uint64_t>(metrics.total(Counter::kThrashRequests))},
                   {"alarms", static_cast<std::uint64_t>(metrics.total(Counter::kThrashAlarms))}};
  return out;
}

}  // namespace

void add_stats(Router& router, Context& context) {
  const auto add = [&](std::string_view pattern, Result<Out> (*make)(Runtime&)) {
    router.add("GET", pattern, [&context, make](const CallPtr& call) {
      answer_offloaded(context, call, 200, [&context, make] { return make(context.runtime); });
    });
  };
  add("/api/ps", residents);
  add("/api/tiers", tiers);
  add("/api/workers", workers);
  add("/api/stats", stats);
}

}  // namespace genepool::api

// The fields of every event and action, each told once: the event log's writer and reader both walk them in this order.
// A field added to events.h is added here, or it is missing from the log. Private to event_log.cc.
#pragma once

#include "pool/events.h"
#include "pool/field_text.h"

namespace genepool {

void walk_fields(auto&, Is<Drain> auto&) {}
void walk_fields(auto&, Is<Tick> auto&) {}

void walk_fields(auto& f, Is<LayerCharge> auto& v) { f(v.id), f(v.bytes); }
void walk_fields(auto& f, Is<GenomeSpec> auto& v) { f(v.identity), f(v.page_bytes), f(v.layers); }
void walk_fields(auto& f, Is<Error> auto& v) { f(v.code), f(v.message), f(v.param), f(v.retry_after); }

void walk_fields(auto& f, Is<Arrive> auto& v) { f(v.request), f(v.genome), f(v.deadline), f(v.user), f(v.is_lease); }
void walk_fields(auto& f, Is<Cancel> auto& v) { f(v.request); }
void walk_fields(auto& f, Is<FirstToken> auto& v) { f(v.request); }
void walk_fields(auto& f, Is<Release> auto& v) {
  f(v.request), f(v.keep_hot), f(v.is_answered), f(v.tokens), f(v.decode), f(v.error);
}
void walk_fields(auto& f, Is<PageBuilt> auto& v) { f(v.identity), f(v.page_bytes), f(v.loaded); }
void walk_fields(auto& f, Is<PageFailed> auto& v) { f(v.identity), f(v.error); }
void walk_fields(auto& f, Is<WorkerReady> auto& v) { f(v.worker); }
void walk_fields(auto& f, Is<WorkerFailed> auto& v) { f(v.worker), f(v.error); }
void walk_fields(auto& f, Is<WorkerGone> auto& v) { f(v.worker); }
void walk_fields(auto& f, Is<WorkerAlive> auto& v) { f(v.worker); }
void walk_fields(auto& f, Is<WorkerMeasured> auto& v) { f(v.worker), f(v.own_bytes); }
void walk_fields(auto& f, Is<ProbeAnswered> auto& v) { f(v.worker); }
void walk_fields(auto& f, Is<BringTo> auto& v) { f(v.command), f(v.genome), f(v.goal), f(v.deadline); }
void walk_fields(auto& f, Is<Prewarm> auto& v) { f(v.command), f(v.genome), f(v.victim), f(v.protect_until), f(v.deadline); }
void walk_fields(auto& f, Is<Demote> auto& v) { f(v.command), f(v.identity); }
void walk_fields(auto& f, Is<SetPin> auto& v) { f(v.genome), f(v.is_pinned); }
void walk_fields(auto& f, Is<LayerGone> auto& v) { f(v.layer); }
void walk_fields(auto& f, Is<LayerChanged> auto& v) { f(v.layer); }
void walk_fields(auto& f, Is<SetBreaker> auto& v) { f(v.identity), f(v.wish); }
void walk_fields(auto& f, Is<BaseState> auto& v) { f(v.can_spawn), f(v.is_final); }
void walk_fields(auto& f, Is<SetKnobs> auto& v) { f(v.knobs); }
void walk_fields(auto& f, Is<Knobs> auto& v) {
  f(v.max_hot), f(v.hot_bytes), f(v.kv_bytes_per_worker), f(v.warm_max_genomes), f(v.warm_bytes), f(v.sequences), f(v.queue), f(v.genome_queue);
  f(v.idle_ttl), f(v.idle_gb_second), f(v.turn), f(v.stuck_after), f(v.probe_timeout), f(v.worker_growth);
  f(v.hot_policy), f(v.warm_policy), f(v.min_residency), f(v.load_prior), f(v.has_breakers);
}

void walk_fields(auto& f, Is<GrantRequest> auto& v) { f(v.request), f(v.worker), f(v.identity), f(v.tier), f(v.is_retry), f(v.is_first_use); }
void walk_fields(auto& f, Is<RefuseRequest> auto& v) { f(v.request), f(v.error), f(v.is_kept_out); }
void walk_fields(auto& f, Is<BuildPage> auto& v) { f(v.identity), f(v.missing), f(v.is_ahead); }
void walk_fields(auto& f, Is<SpawnWorker> auto& v) { f(v.worker), f(v.identity); }
void walk_fields(auto& f, Is<BroughtIn> auto& v) { f(v.worker), f(v.identity), f(v.from), f(v.took), f(v.spawn); }
void walk_fields(auto& f, Is<ProbeWorker> auto& v) { f(v.worker); }
void walk_fields(auto& f, Is<KillWorker> auto& v) { f(v.worker), f(v.identity), f(v.reason); }
void walk_fields(auto& f, Is<CancelOnWorker> auto& v) { f(v.request), f(v.worker); }
void walk_fields(auto& f, Is<DropPage> auto& v) { f(v.identity); }
void walk_fields(auto& f, Is<DropLayer> auto& v) { f(v.layer); }
void walk_fields(auto& f, Is<CommandDone> auto& v) { f(v.command), f(v.is_ok), f(v.error); }
void walk_fields(auto& f, Is<BreakerChanged> auto& v) {
  f(v.identity), f(v.kind), f(v.from), f(v.to), f(v.cause), f(v.times_opened), f(v.retry_in), f(v.why);
}

// In the order of the variants.
inline constexpr const char* kEventNames[] = {"Arrive",       "Cancel",      "FirstToken",    "Release",       "PageBuilt",
                                              "PageFailed",   "WorkerReady", "WorkerFailed",  "WorkerGone",    "WorkerAlive",
                                              "WorkerMeasured", "ProbeAnswered", "BringTo",   "Prewarm",       "Demote",        "SetPin",
                                              "LayerGone",    "LayerChanged", "SetBreaker",   "BaseState",     "SetKnobs",      "Drain",
                                              "Tick"};
inline constexpr const char* kActionNames[] = {"Grant",  "Refuse",         "BuildPage", "SpawnWorker", "BroughtIn", "ProbeWorker",
                                               "Kill",   "CancelOnWorker", "DropPage",  "DropLayer",   "CommandDone",
                                               "BreakerChanged"};
static_assert(std::size(kEventNames) == std::variant_size_v<Event>);
static_assert(std::size(kActionNames) == std::variant_size_v<Action>);

constexpr int last_value(Tier) { return static_cast<int>(Tier::kHot); }
constexpr int last_value(BreakerWish) { return static_cast<int>(BreakerWish::kReset); }
constexpr int last_value(Goal) { return static_cast<int>(Goal::kCold); }
constexpr int last_value(PolicyKind) { return static_cast<int>(kPolicyKinds) - 1; }

}  // namespace genepool

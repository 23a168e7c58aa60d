// The fields of notices and wishes, each told once, as event_fields.h does for the pool. Private to notice_text.cc.
#pragma once

#include "manager/notices.h"
#include "pool/event_fields.h"

namespace genepool {

void walk_fields(auto& f, Is<SizeBounds> auto& v) { f(v.least), f(v.most); }
void walk_fields(auto& f, Is<Prices> auto& v) { f(v.load_second), f(v.gb_second); }
void walk_fields(auto& f, Is<ManagerSettings> auto& v) {
  f(v.mode), f(v.sizing), f(v.prefetch), f(v.may_size_hot), f(v.may_size_warm), f(v.hot_places), f(v.memory_bytes), f(v.prices);
}
void walk_fields(auto& f, Is<GenomeSeen> auto& v) { f(v.identity), f(v.name), f(v.hot_bytes), f(v.page_bytes); }
void walk_fields(auto& f, Is<RequestSeen> auto& v) { f(v.genome), f(v.user), f(v.week_hour); }
void walk_fields(auto&, Is<Answered> auto&) {}
void walk_fields(auto& f, Is<CameIn> auto& v) { f(v.genome), f(v.from), f(v.took), f(v.spawn); }
void walk_fields(auto& f, Is<IsHot> auto& v) { f(v.genome); }
void walk_fields(auto& f, Is<LeftHot> auto& v) { f(v.genome); }
void walk_fields(auto& f, Is<GuessDone> auto& v) { f(v.command), f(v.is_done); }
void walk_fields(auto& f, Is<SessionExpected> auto& v) { f(v.ticket), f(v.genome), f(v.user), f(v.source), f(v.eta), f(v.ttl); }
void walk_fields(auto& f, Is<SettingsSeen> auto& v) { f(v.manager), f(v.pool); }
void walk_fields(auto& f, Is<MemoryStall> auto& v) { f(v.avg10), f(v.total_us); }
void walk_fields(auto& f, Is<MemoryStalls> auto& v) { f(v.some), f(v.full); }
void walk_fields(auto& f, Is<MemoryEvents> auto& v) { f(v.high), f(v.oom_kill); }
void walk_fields(auto& f, Is<MemoryPressure> auto& v) { f(v.stalls), f(v.events), f(v.available_bytes), f(v.missing); }
void walk_fields(auto& f, Is<StatusSeen> auto& v) {
  f(v.pressure), f(v.largest_worker_bytes), f(v.thrash_ratio), f(v.layer_hit_rate), f(v.followed_hot), f(v.followed_warm);
}

void walk_fields(auto& f, Is<MakeHot> auto& v) { f(v.command), f(v.genome), f(v.victim), f(v.protect_until), f(v.chance); }
void walk_fields(auto& f, Is<LetGo> auto& v) { f(v.genome); }
void walk_fields(auto& f, Is<SetNumber> auto& v) { f(v.name), f(v.value); }
void walk_fields(auto& f, Is<Decision::Number> auto& v) { f(v.name), f(v.value), f(v.unit); }
void walk_fields(auto& f, Is<Decision> auto& v) {
  f(v.id), f(v.unix_ms), f(v.t_seconds), f(v.kind), f(v.subject), f(v.action), f(v.reason), f(v.is_advice), f(v.inputs), f(v.alternatives);
  f(v.unit), f(v.expected), f(v.realised), f(v.outcome);
}
void walk_fields(auto& f, Is<Decided> auto& v) { f(v.decision); }
void walk_fields(auto& f, Is<Realised> auto& v) { f(v.decision), f(v.value), f(v.outcome); }
void walk_fields(auto& f, Is<HintAnswered> auto& v) { f(v.ticket), f(v.refusal); }
void walk_fields(auto& f, Is<Said> auto& v) { f(v.line); }
void walk_fields(auto& f, Is<ManagerStatus::Guesses> auto& v) {
  f(v.issued), f(v.used), f(v.wasted), f(v.misses), f(v.wasted_ms), f(v.precision), f(v.recall), f(v.recently_issued), f(v.recently_used);
}
void walk_fields(auto& f, Is<ManagerStatus> auto& v) {
  f(v.is_gate_open), f(v.gate_open_share), f(v.loss_with_s), f(v.loss_without_s), f(v.guesses), f(v.hints_taken), f(v.hints_came);
  f(v.hints_expired), f(v.log_loss), f(v.regret), f(v.voices), f(v.brake), f(v.brake_blind_to), f(v.decisions);
}
void walk_fields(auto& f, Is<Alive> auto& v) { f(v.status); }

inline constexpr const char* kNoticeNames[] = {"RequestSeen", "Answered", "CameIn", "IsHot", "LeftHot", "GuessDone", "SessionExpected", "SettingsSeen", "StatusSeen"};
inline constexpr const char* kWishNames[] = {"MakeHot", "LetGo", "SetNumber", "Decided", "Realised", "HintAnswered", "Said", "Alive"};
static_assert(std::size(kNoticeNames) == std::variant_size_v<Notice>);
static_assert(std::size(kWishNames) == std::variant_size_v<Wish>);

constexpr int last_value(ManagerMode) { return static_cast<int>(ManagerMode::kOn); }
constexpr int last_value(SizingRule) { return static_cast<int>(SizingRule::kFounding); }
constexpr int last_value(PrefetchRule) { return static_cast<int>(PrefetchRule::kFounding); }
constexpr int last_value(DecisionKind) { return static_cast<int>(kDecisionKinds) - 1; }

}  // namespace genepool

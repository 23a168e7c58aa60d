// The manager beside the pool: it is told what happens, what it wishes is done as an operator's wish would be.
#include <fmt/core.h>

#include <algorithm>
#include <chrono>

#include "base/log.h"
#include "manager/settings_of_config.h"
#include "runtime/resolve.h"
#include "runtime/runtime_impl.h"

namespace genepool {
namespace {

constexpr Duration kGuessPatience = std::chrono::seconds(30);

// 0 = Monday's first hour, UTC.
std::uint32_t hour_of_the_week() {
  const auto hours = std::chrono::floor<std::chrono::hours>(std::chrono::system_clock::now()).time_since_epoch().count();
  return static_cast<std::uint32_t>((hours + 3 * 24) % 168);  // 1970 began on a Thursday
}

std::int64_t unix_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace

// ------------------------------------------------------------------------------------------------ what it is told
GenomeSeen RuntimeImpl::seen(const ResolvedGenome& genome) const {
  const GenomeSpec spec = spec_of(genome);
  const auto page = pages_.find(genome.identity);
  const std::uint64_t page_bytes = page == pages_.end() ? spec.page_bytes : page->second.size();
  return {genome.identity, genome.name, page_bytes + knobs().kv_bytes_per_worker, page_bytes};
}

void RuntimeImpl::tell_manager(const Event& event, const std::vector<Action>& actions) {
  if (!manager_->is_running()) return;
  if (const auto* arrival = std::get_if<Arrive>(&event)) {
    tell_manager(RequestSeen{seen(known_.at(arrival->genome.identity)), arrival->user, hour_of_the_week()});
  }
  for (const Action& action : actions) {
    if (const auto* came = std::get_if<BroughtIn>(&action)) tell_manager(CameIn{came->identity, came->from, came->took, came->spawn});
    if (const auto* killed = std::get_if<KillWorker>(&action)) tell_manager(LeftHot{killed->identity});
  }
  if (std::holds_alternative<SetKnobs>(event)) tell_manager(SettingsSeen{manager_settings_of(config_), knobs(), next_decision_});
}

void RuntimeImpl::report_to_manager() {
  is_odd_second_ = !is_odd_second_;
  if (is_odd_second_ || !manager_->is_running()) return;
  StatusSeen status;
  const Knobs now = knobs();
  for (const auto& [identity, page] : pages_) status.largest_worker_bytes = std::max<std::uint64_t>(status.largest_worker_bytes, page.size() + now.kv_bytes_per_worker);
  status.thrash_ratio = ledger_.thrash().ratio;
  if (layers_wanted_ > 0) status.layer_hit_rate = 1 - static_cast<double>(layers_read_) / static_cast<double>(layers_wanted_);
  status.followed_hot = pool_->followed_hot();
  status.followed_warm = pool_->followed_warm();
  tell_manager(status);
}

void RuntimeImpl::switch_manager() {
  const bool is_wanted = config_.manager_mode != "off";
  if (is_wanted) return manager_->start();
  manager_->stop();
  manager_status_ = {};
  for (auto& [ticket, done] : std::exchange(hints_, {})) done(fail(Code::kUnavailable, "the manager is off (manager.mode)"));
}

void RuntimeImpl::expect_session(const ExpectedFrom& session, Done done) {
  loop_.post([this, session, done = std::move(done)]() mutable {
    if (!manager_->is_running()) {
      const std::string why = manager_->why_static().empty() ? "it is off (manager.mode)" : manager_->why_static();
      return done(fail(Code::kUnavailable, "there is no manager that could use the hint: {}", why));
    }
    SessionExpected notice{.ticket = ++last_ticket_, .user = session.user, .source = session.source, .eta = session.eta, .ttl = session.ttl};
    if (session.genome) {
      know(*session.genome);
      notice.genome = seen(*session.genome);
    }
    hints_.emplace(notice.ticket, std::move(done));
    tell_manager(notice);
  });
}

// ------------------------------------------------------------------------------------------------ what it wishes
void RuntimeImpl::carry_out(const MakeHot& wish) {
  const auto not_done = [&] { tell_manager(GuessDone{wish.command, false}); };
  const auto known = known_.find(wish.genome);
  if (known == known_.end()) return not_done();
  // Its name may have moved or gone since it was last asked for: then it is nobody's any more.
  const Result<ResolvedGenome> now = resolve(known->second.name);
  if (!now || now->identity != wish.genome) return not_done();
  const CommandId id = command(*now, Goal::kHot, [this, guess = wish.command](const Result<void>& done) { tell_manager(GuessDone{guess, done.has_value()}); });
  pool_->feed(Prewarm{id, spec_of(*now), wish.victim, wish.protect_until, monotonic_now() + kGuessPatience});
}

void RuntimeImpl::carry_out(const LetGo& wish) {
  const auto known = known_.find(wish.genome);
  if (known != known_.end()) pool_->feed(Demote{command(known->second, Goal::kCold, [](const Result<void>&) {}), wish.genome});
}

// The bounds of params.def hold for the manager as for anyone; what it must not set is an error of ours, and said.
void RuntimeImpl::carry_out(const SetNumber& wish) {
  Config changed = config_;
  const std::string value = std::to_string(wish.value);
  const Result<void> set = genepool::set_param(changed, wish.name, value, Origin::kManager);
  if (!set) return log(Level::kError, "the manager's wish is refused", {{"setting", wish.name}, {"why", set.error().message}});
  use(std::move(changed), wish.name, value);
}

void RuntimeImpl::carry_out(const Decided& wish) {
  Decision decision = wish.decision;
  decision.unix_ms = unix_ms();
  next_decision_ = std::max(next_decision_, decision.id + 1);
  log(Level::kInfo, decision.is_advice ? "manager would: " + decision.action : "manager: " + decision.action,
      {{"decision", std::to_string(decision.id)}, {"why", decision.reason}});
  feed_.publish("decision", {{"decision", static_cast<std::int64_t>(decision.id)},
                             {"kind", std::string(decision_kind_name(decision.kind))},
                             {"action", decision.action},
                             {"reason", decision.reason},
                             {"expected", decision.expected}});
  history_->append(std::move(decision));
}

void RuntimeImpl::carry_out(const Realised& wish) { history_->settle(wish.decision, wish.value, wish.outcome); }

void RuntimeImpl::carry_out(const HintAnswered& wish) {
  auto asked = hints_.extract(wish.ticket);
  if (asked.empty()) return;
  asked.mapped()(wish.refusal ? Result<void>(tl::unexpected(*wish.refusal)) : Result<void>());
}

void RuntimeImpl::carry_out(const Said& wish) { log(Level::kInfo, wish.line); }

}  // namespace genepool

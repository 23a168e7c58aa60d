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
constexpr std::size_t kMostUnsettled = 1000;  // decisions whose outcome may still come

}  // namespace

// ------------------------------------------------------------------------------------------------ what it is told
GenomeSeen RuntimeImpl::seen(const ResolvedGenome& genome) const {
  const auto page = pages_.find(genome.identity);
  const std::uint64_t page_bytes = page == pages_.end() ? spec_of(genome).page_bytes : page->second.size();
  return {genome.identity, genome.name, page_bytes + kv_bytes_per_worker(), page_bytes};
}

std::uint32_t RuntimeImpl::hour_of_the_week() {
  const auto hours = std::chrono::floor<std::chrono::hours>(std::chrono::system_clock::now()).time_since_epoch().count();
  return static_cast<std::uint32_t>((hours + std::int64_t{3} * 24) % 168);  // 1970 began on a Thursday
}

SettingsSeen RuntimeImpl::settings_now() const { return {manager_settings_of(config_, knob_defaults()), knobs()}; }

void RuntimeImpl::begin_manager() {
  if (++managers_begun_ > 1) log(Level::kInfo, "a new manager has begun: it has learnt nothing yet");
  managed_decisions_.clear();  // a new one counts anew
  tell_manager(settings_now());
  for (GenomeSeen& genome : observer_.hot()) tell_manager(IsHot{std::move(genome)});
}

void RuntimeImpl::on_manager_end(const std::string& why) {
  manager_status_ = {};
  for (auto& [ticket, done] : std::exchange(hints_, {})) done(fail(Code::kUnavailable, "there is no manager that could use the hint: {}", why));
  Decision decision;
  decision.kind = DecisionKind::kMode;
  decision.subject = "manager";
  decision.action = "sizes stay as they are, nothing is brought in beforehand";
  decision.reason = why;
  decision.t_seconds = to_ms(monotonic_now() - opened_) / 1e3;
  if (!manager_->why_static().empty()) log(Level::kWarn, "the manager is lost", {{"why", why}});
  write_down(std::move(decision));
}

void RuntimeImpl::report_to_manager() {
  is_odd_second_ = !is_odd_second_;
  if (is_odd_second_ || !manager_->is_running()) return;
  StatusSeen status;
  for (const auto& [identity, page] : pages_) {
    status.largest_worker_bytes = std::max<std::uint64_t>(status.largest_worker_bytes, page.size() + kv_bytes_per_worker());
  }
  status.thrash_ratio = ledger_.thrash().ratio;
  if (layers_wanted_ > 0) status.layer_hit_rate = 1 - static_cast<double>(layers_read_) / static_cast<double>(layers_wanted_);
  status.followed_hot = pool_->followed_hot();
  status.followed_warm = pool_->followed_warm();
  tell_manager(status);
}

void RuntimeImpl::switch_manager() {
  if (config_.manager_mode != "off") return manager_->start();
  manager_->stop();
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
  const CommandId id = command(*now, Goal::kHot, [this, guess = wish.command, asker = managers_begun_](const Result<void>& done) {
    if (asker == managers_begun_) tell_manager(GuessDone{guess, done.has_value()});  // its successor counts its guesses anew
  });
  ledger_.guessed(now->name, wish.victim ? name_of(*wish.victim) : "", wish.chance);
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
  managed_decisions_[wish.decision.id] = next_decision_;
  if (managed_decisions_.size() > kMostUnsettled) managed_decisions_.erase(managed_decisions_.begin());
  log(Level::kInfo, (wish.decision.is_advice ? "manager would: " : "manager: ") + wish.decision.action,
      {{"decision", std::to_string(next_decision_)}, {"why", wish.decision.reason}});
  write_down(wish.decision);
}

void RuntimeImpl::write_down(Decision decision) {
  decision.id = next_decision_++;
  decision.unix_ms = unix_ms();
  ledger_.decided(decision);
  history_->append(std::move(decision));
}

void RuntimeImpl::carry_out(const Realised& wish) {
  const auto decided = managed_decisions_.extract(wish.decision);
  if (decided.empty()) return;
  ledger_.realised(decided.mapped(), wish.value, wish.outcome);
  history_->settle(decided.mapped(), wish.value, wish.outcome);
}

void RuntimeImpl::carry_out(const HintAnswered& wish) {
  auto asked = hints_.extract(wish.ticket);
  if (asked.empty()) return;
  asked.mapped()(wish.refusal ? Result<void>(tl::unexpected(*wish.refusal)) : Result<void>());
}

void RuntimeImpl::carry_out(const Said& wish) { log(Level::kInfo, wish.line); }

}  // namespace genepool

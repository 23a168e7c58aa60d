#include "manager/hints.h"

#include <algorithm>

namespace genepool {
namespace {

constexpr double kHintsPerS = 1, kBurst = 5;
constexpr Duration kLongest = std::chrono::seconds(60), kLateness = std::chrono::seconds(10);

tl::unexpected<Error> too_many(Duration wait, std::string_view what) {
  auto refusal = fail(Code::kQueueFull, "{}", what);
  refusal.value().retry_after = std::chrono::ceil<std::chrono::milliseconds>(wait);
  return refusal;
}

}  // namespace

Result<void> Hints::admit(const SessionHint& hint, Instant now) {
  const auto source = sources_.intern(hint.source);
  if (source.index == buckets_.size()) buckets_.emplace_back(kHintsPerS, kBurst);
  TokenBucket& bucket = buckets_[source.index];
  if (source.was_taken) bucket = TokenBucket(kHintsPerS, kBurst);
  if (!bucket.take(now)) return too_many(bucket.wait(), "too many hints: at most 1 a second, 5 at once");
  if (hint.eta < Duration::zero() || hint.eta > kLongest) {
    return fail_param(Code::kBadRequest, "eta", "eta must be between 0 and 60 s, found {} s", to_ms(hint.eta) / 1e3);
  }
  if (hint.ttl <= Duration::zero()) return fail_param(Code::kBadRequest, "ttl", "ttl must be more than 0");
  return {};
}

Result<ExpectedSession> Hints::meant_by(const SessionHint& hint) const {
  if (hint.genome) return ExpectedSession{.genome = *hint.genome, .chance = 1};
  const auto last = hint.user ? users_->last(*hint.user) : std::nullopt;
  if (!last) return fail(Code::kGenomeNotFound, "the hint names no genome, and no last one of the user is known");
  return ExpectedSession{.genome = *last, .chance = users_->last_hit_rate(*hint.user)};
}

Result<ExpectedSession> Hints::take(const SessionHint& hint, const std::function<Duration(GenomeIndex)>& load_time, Instant now) {
  expire(now);
  GENEPOOL_TRY_VOID(admit(hint, now));
  GENEPOOL_TRY(ExpectedSession session, meant_by(hint));
  session.until = now + std::min({hint.eta + std::max(2 * load_time(session.genome), kLateness), kLongest, hint.ttl});
  const auto known = live_.find(session.genome);
  if (known == live_.end() && live_.size() == kMostLive) return too_many(kLongest, "too many hints are live");
  const bool extends = known != live_.end() && !known->second.has_come;
  if (extends) {
    session.chance = std::max(session.chance, known->second.session.chance);
    session.until = std::max(session.until, known->second.session.until);
  } else {
    ++counts_.taken;
  }
  live_[session.genome] = {session};
  return session;
}

void Hints::forget(GenomeIndex genome) {
  const auto hinted = live_.find(genome);
  if (hinted == live_.end()) return;
  if (!hinted->second.has_come) ++counts_.expired;
  live_.erase(hinted);
}

void Hints::on_request(GenomeIndex genome, Instant now) {
  const auto hinted = live_.find(genome);
  if (hinted == live_.end() || hinted->second.has_come || hinted->second.session.until <= now) return;
  hinted->second.has_come = true;
  ++counts_.came;
}

void Hints::expire(Instant now) {
  std::erase_if(live_, [&](const auto& entry) {
    const bool is_over = entry.second.session.until <= now;
    if (is_over && !entry.second.has_come) ++counts_.expired;
    return is_over;
  });
}

void Hints::on_done(GenomeIndex genome, bool is_done) {
  if (const auto hinted = live_.find(genome); hinted != live_.end()) hinted->second.is_done = is_done;
}

std::vector<ExpectedSession> Hints::awaited(Instant now) const {
  std::vector<ExpectedSession> sessions;
  for (const auto& [genome, live] : live_) {
    if (!live.has_come && !live.is_done && now < live.session.until) sessions.push_back(live.session);
  }
  return sessions;
}

}  // namespace genepool

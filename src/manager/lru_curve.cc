#include "manager/lru_curve.h"

#include <algorithm>
#include <numbers>

#include "pool/usage.h"

namespace genepool {
namespace {

constexpr std::size_t kHalfLifeRequests = 75;
constexpr Duration kLeastHalfLife = std::chrono::minutes(5), kMostHalfLife = std::chrono::minutes(30);

}  // namespace

std::optional<std::size_t> LruCurve::observe(std::uint32_t genome, double load_seconds, Instant now) {
  decay_to(now);
  remember(now);
  const auto place = recent_.use(genome);
  // An event is added as the rate that it is worth now: were sums kept, a change of the half-life would change all rates.
  if (place) gains_[*place - 1] += load_seconds * std::numbers::ln2 / std::chrono::duration<double>(half_life(now)).count();
  return place;
}

void LruCurve::remember(Instant now) {
  times_.push_back(now);
  if (times_.size() > kHalfLifeRequests) times_.pop_front();
}

void LruCurve::decay_to(Instant now) {
  const double left = decay(now - decayed_at_, half_life(now));
  for (double& gain : gains_) gain *= left;
  decayed_at_ = now;
}

Duration LruCurve::half_life(Instant now) const {
  if (times_.size() < kHalfLifeRequests) return kMostHalfLife;
  return std::clamp(now - times_.front(), kLeastHalfLife, kMostHalfLife);
}

double LruCurve::gain(std::size_t slot, Instant now) const { return gain_between(slot - 1, slot, now); }

double LruCurve::gain_between(std::size_t first, std::size_t last, Instant now) const {
  double sum = 0;
  for (std::size_t slot = first + 1; slot <= std::min(last, gains_.size()); ++slot) sum += gains_[slot - 1];
  return sum * decay(now - decayed_at_, half_life(now));
}

}  // namespace genepool

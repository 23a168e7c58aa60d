#include "manager/hit_rate_alarm.h"

#include <cmath>

namespace genepool {
namespace {

constexpr double kHalfLifeRequests = 500;
constexpr double kFewest = 19.7;  // what 20 requests in a row have decayed to: 19.74
constexpr double kFallMargin = 0.02;

}  // namespace

std::optional<bool> HitRateAlarm::on_request(bool is_hit, bool is_first_use) {
  static const double keep = std::exp2(-1 / kHalfLifeRequests);
  warmable_ *= keep;
  hits_ *= keep;
  if (!is_first_use) {
    warmable_ += 1;
    hits_ += is_hit ? 1 : 0;
  }
  const auto now = rate();
  if (!now) return std::nullopt;
  const bool was_low = is_low_;
  is_low_ = *now < minimum_ + (was_low ? kFallMargin : 0);
  return is_low_ != was_low ? std::optional(is_low_) : std::nullopt;
}

std::optional<double> HitRateAlarm::rate() const {
  if (warmable_ < kFewest) return std::nullopt;
  return hits_ / warmable_;
}

}  // namespace genepool

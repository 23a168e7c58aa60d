#include "pool/usual_times.h"

#include <fmt/format.h>

#include <algorithm>

namespace genepool {
namespace {

constexpr int kSlowFirstToken = 3;                                 // x median
constexpr Duration kNeverSlow = std::chrono::seconds(1);           // a first token within it, or tokens no later than that
constexpr int kSlowTokenNumerator = 5, kSlowTokenDenominator = 2;  // 2.5 x median
constexpr int kTrialLimit = 3;                                     // x median

std::size_t index(Tier tier) { return static_cast<std::size_t>(tier); }

std::optional<Duration> limit_from(std::optional<Duration> median) {
  if (!median) return std::nullopt;
  return std::max(*median * kTrialLimit, kNeverSlow);
}

}  // namespace

std::string UsualTimes::why_slow(const Identity& identity, const Answer& answer) const {
  const auto first = first_token_.at(index(answer.tier)).of(identity);
  if (first && answer.first_token && *answer.first_token > std::max(kNeverSlow, *first * kSlowFirstToken)) {
    return fmt::format("first token after {:.1f} s, usual are {:.3f} s", to_ms(*answer.first_token) / 1e3, to_ms(*first) / 1e3);
  }
  const auto each = answer.tokens > 0 ? per_token_.of(identity) : std::nullopt;
  if (!each) return "";
  const Duration own = answer.decode / answer.tokens;
  if (own * kSlowTokenDenominator <= *each * kSlowTokenNumerator || answer.decode - *each * answer.tokens <= kNeverSlow) return "";
  return fmt::format("{:.1f} ms per token, usual are {:.1f} ms", to_ms(own), to_ms(*each));
}

void UsualTimes::learn(const Identity& identity, const Answer& answer) {
  if (answer.first_token) first_token_.at(index(answer.tier)).add(identity, *answer.first_token);
  if (answer.tokens > 0) per_token_.add(identity, answer.decode / answer.tokens);
}

void UsualTimes::learn_load(const Identity& identity, Tier from, Duration took) {
  load_.at(index(from)).add(identity, took);
}

std::optional<Duration> UsualTimes::first_token_limit(const Identity& identity, Tier tier) const {
  return limit_from(first_token_.at(index(tier)).of(identity));
}

std::optional<Duration> UsualTimes::load_limit(const Identity& identity, Tier from) const {
  return limit_from(load_.at(index(from)).of(identity));
}

}  // namespace genepool

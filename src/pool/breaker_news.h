// What is said of breakers (breaker.h, breaker_board.h): the states they have, why, and their changes.
// Thread: values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "genome/genome.h"

namespace genepool {

enum class BreakerKind : std::uint8_t { kLoad, kAnswer };
[[nodiscard]] std::string_view breaker_kind_name(BreakerKind kind);  // "load"

enum class BreakerState : std::uint8_t { kClosed, kOpen, kHalfOpen, kForcedOpen, kDisabled, kQuarantined };
[[nodiscard]] std::string_view breaker_state_name(BreakerState state);  // "half-open"

enum class BreakerCause : std::uint8_t { kNone, kFailure, kSlowness, kFile, kCrashLoop, kOperator };
[[nodiscard]] std::string_view breaker_cause_name(BreakerCause cause);  // "crash-loop"

// News, nothing to do: one move of one breaker.
struct BreakerChanged {
  Identity identity;
  BreakerKind kind = BreakerKind::kLoad;
  BreakerState from = BreakerState::kClosed, to = BreakerState::kClosed;
  BreakerCause cause = BreakerCause::kNone;
  std::uint32_t times_opened = 0;  // n
  Duration retry_in{};             // until it may be tried again; max() = nobody knows
  std::string why;                 // the numbers that led to it
};

}  // namespace genepool

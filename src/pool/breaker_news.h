// What is said of breakers (breaker.h, breaker_board.h): the states they have, why, and their changes.
// Thread: values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "genome/genome.h"
#include "pool/outcome_window.h"

namespace genepool {

enum class BreakerKind : std::uint8_t { kLoad, kAnswer };
[[nodiscard]] std::string_view breaker_kind_name(BreakerKind kind);  // "load"

enum class BreakerState : std::uint8_t { kClosed, kOpen, kHalfOpen, kForcedOpen, kDisabled, kQuarantined };
[[nodiscard]] std::string_view breaker_state_name(BreakerState state);  // "half-open"

// Not everybody is let in.
[[nodiscard]] constexpr bool is_shut(BreakerState state) { return state != BreakerState::kClosed && state != BreakerState::kDisabled; }

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

// How one stands.
struct BreakerStatus {
  BreakerState state = BreakerState::kClosed;
  BreakerCause cause = BreakerCause::kNone;
  std::string why;
  Instant since{};
  std::uint32_t times_opened = 0;
  Duration retry_in{};     // as in BreakerChanged
  OutcomeCounts outcomes;  // of the window
  bool operator==(const BreakerStatus&) const = default;
};
struct GenomeBreakers {
  Identity identity;
  BreakerStatus load, answer;
  std::uint32_t crash_loops = 0;  // since its workers were last healthy
  bool operator==(const GenomeBreakers&) const = default;
};

}  // namespace genepool

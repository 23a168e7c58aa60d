// Decision: one thing that the manager, a policy or a breaker chose: what, from which inputs, what else there was, what it is
// expected to bring, and later what it has brought. Shown by `genepool manager`, kept in the history (store/history.h).
// Thread: a value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace genepool {

enum class DecisionKind : std::uint8_t { kSize, kGuess, kHint, kPolicy, kBrake, kBreaker, kMode };
inline constexpr std::size_t kDecisionKinds = 7;
[[nodiscard]] std::string_view decision_kind_name(DecisionKind kind);  // "size", "guess", ...
[[nodiscard]] std::optional<DecisionKind> decision_kind_from(std::string_view name);

struct Decision {
  struct Number {
    std::string name;  // "up"
    double value = 0;
    std::string unit;  // "s/s", "" = none
    bool operator==(const Number&) const = default;
  };
  std::uint64_t id = 0;          // from 1, in the order of the decisions, never used again in one data directory
  std::int64_t unix_ms = 0;      // when; 0 in a simulation, whose time is no date
  double t_seconds = 0;          // since the server or the simulation began
  DecisionKind kind = DecisionKind::kSize;
  std::string subject;           // the setting, the genome's name, or ""
  std::string action;            // "pool.max_hot 3 -> 4"
  std::string reason;            // one line for people
  bool is_advice = false;        // manager.mode advise: it was not carried out
  std::vector<Number> inputs, alternatives;  // alternatives: what each choice was expected to bring, in `unit`
  std::string unit;              // of expected, realised and alternatives: "s of load"
  double expected = 0;
  std::optional<double> realised;
  std::string outcome;           // "used after 12 s", "" = not known yet
  bool operator==(const Decision&) const = default;
};

}  // namespace genepool

#include "metrics/decision.h"

#include <algorithm>
#include <array>

namespace genepool {
namespace {

constexpr std::array<std::string_view, kDecisionKinds> kNames = {"size", "guess", "hint", "policy", "brake", "breaker", "mode"};

}  // namespace

std::string_view decision_kind_name(DecisionKind kind) { return kNames.at(static_cast<std::size_t>(kind)); }

std::optional<DecisionKind> decision_kind_from(std::string_view name) {
  const auto it = std::ranges::find(kNames, name);
  if (it == kNames.end()) return std::nullopt;
  return static_cast<DecisionKind>(it - kNames.begin());
}

}  // namespace genepool

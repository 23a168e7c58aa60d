#include "pool/policy.h"

#include <algorithm>
#include <array>

#include "pool/baselines.h"
#include "pool/ghost.h"
#include "pool/tournament.h"

namespace genepool {
namespace {

constexpr std::array<std::string_view, kPolicyKinds> kNames = {"lru",  "gd",         "gdsf", "decay10m", "decay1d",  "markov",
                                                               "mru",  "tournament", "fifo", "sieve",    "wtinylfu", "fill_once"};

std::uint64_t last_use_of(const Candidate& candidate) { return std::max(candidate.usage->last_use, candidate.brought_use); }

double score_of(const Policy& policy, const Candidate& candidate, Instant now) {
  if (candidate.brought_use <= candidate.usage->last_use) return policy.score(*candidate.usage, now);
  Usage as_if_used = *candidate.usage;
  as_if_used.last_use = candidate.brought_use;
  return policy.score(as_if_used, now);
}

}  // namespace

std::string_view policy_name(PolicyKind kind) { return kNames.at(static_cast<std::size_t>(kind)); }

std::optional<PolicyKind> policy_from(std::string_view name) {
  const auto it = std::ranges::find(kNames, name);
  if (it == kNames.end()) return std::nullopt;
  return static_cast<PolicyKind>(it - kNames.begin());
}

double Budget::share(const Cost& cost) const {
  return std::max(1.0 / places, static_cast<double>(cost.bytes) / static_cast<double>(bytes));
}

std::unique_ptr<Policy> make_policy(PolicyKind kind, Cost Usage::*cost, const Budget& budget) {
  switch (kind) {
    case PolicyKind::kTournament: return std::make_unique<Tournament>(cost, budget);
    case PolicyKind::kFifo:
    case PolicyKind::kSieve:
    case PolicyKind::kWTinyLfu:
    case PolicyKind::kFillOnce: return make_baseline(kind, cost, budget);
    default: return std::make_unique<Ghost>(kind, cost, budget);
  }
}

std::size_t choose_victim(const Policy& policy, std::span<const Candidate> candidates, Instant now) {
  GENEPOOL_CHECK(!candidates.empty());
  std::size_t victim = 0;
  double least = score_of(policy, candidates[0], now);
  for (std::size_t i = 1; i < candidates.size(); ++i) {
    const double score = score_of(policy, candidates[i], now);
    const bool is_tie_of_older = score == least && last_use_of(candidates[i]) < last_use_of(candidates[victim]);
    if (!(score < least) && !is_tie_of_older) continue;
    victim = i;
    least = score;
  }
  return victim;
}

}  // namespace genepool

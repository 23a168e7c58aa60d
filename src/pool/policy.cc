#include "pool/policy.h"

namespace genepool {
namespace {

// Least recently used: the baseline that every other policy is compared with.
class Lru final : public Policy {
 public:
  std::string_view name() const override { return "lru"; }
  void on_request(const Usage&, Instant) override {}  // all it needs is in Usage
  double score(const Usage& usage, Instant) const override { return static_cast<double>(usage.last_use); }
};

}  // namespace

std::unique_ptr<Policy> make_lru() { return std::make_unique<Lru>(); }

std::size_t choose_victim(const Policy& policy, std::span<const Usage* const> candidates, Instant now) {
  GENEPOOL_CHECK(!candidates.empty());
  std::size_t victim = 0;
  double least = policy.score(*candidates[0], now);
  for (std::size_t i = 1; i < candidates.size(); ++i) {
    const double score = policy.score(*candidates[i], now);
    const bool is_tie_of_older = score == least && candidates[i]->last_use < candidates[victim]->last_use;
    if (!(score < least) && !is_tie_of_older) continue;
    victim = i;
    least = score;
  }
  return victim;
}

}  // namespace genepool

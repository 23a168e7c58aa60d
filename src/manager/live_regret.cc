#include "manager/live_regret.h"

#include <vector>

#include "trace/belady.h"

namespace genepool {

void LiveRegret::on_request(GenomeIndex genome, bool is_miss) {
  uses_.push_back(genome);
  misses_.push_back(is_miss);
  missed_ += is_miss ? 1 : 0;
  if (uses_.size() > kPlayed) uses_.pop_front();
  if (misses_.size() <= kCompared) return;
  missed_ -= misses_.front() ? 1 : 0;
  misses_.pop_front();
}

// What MIN misses in the second half: of all, less those of the first half alone.
std::optional<double> LiveRegret::share(std::uint32_t places) const {
  if (uses_.size() < kPlayed || places == 0) return std::nullopt;
  const std::vector<std::uint32_t> uses(uses_.begin(), uses_.end());
  const std::uint64_t all = min_misses(uses, places);
  const std::uint64_t first_half = min_misses(std::span(uses).first(kPlayed - kCompared), places);
  return (static_cast<double>(missed_) - static_cast<double>(all - first_half)) / static_cast<double>(kCompared);
}

}  // namespace genepool

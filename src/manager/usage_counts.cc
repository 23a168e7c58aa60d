#include "manager/usage_counts.h"

#include <algorithm>
#include <numbers>

namespace genepool {
namespace {

constexpr double kRecentFloor = 0.001;  // requests that were never made, spread over all genomes seen
constexpr double kEverFloor = 0.5;      // the same, per genome (Krichevsky, Trofimov 1981)
constexpr double kBelieved = 5;         // requests

}  // namespace

void UsageCounts::observe(GenomeIndex genome, Instant now) {
  if (genome >= requests_.size()) requests_.resize(genome + 1);
  if (requests_[genome]++ == 0) ++seen_;
  ++all_requests_;
  for (DecayedCounts* counts : {&ten_minutes_, &hour_, &day_}) counts->add(genome, now);
  if (previous_) successors_.add(*previous_, genome);
  previous_ = genome;
  rank(genome);
}

void UsageCounts::forget(GenomeIndex genome) {
  if (!has_seen(genome)) return;
  --seen_;
  all_requests_ -= requests_[genome];
  requests_[genome] = 0;
  for (DecayedCounts* counts : {&ten_minutes_, &hour_, &day_}) counts->forget(genome);
  successors_.clear(genome);
  if (previous_ == genome) previous_.reset();
  if (std::erase(likeliest_, genome) == 0) return;
  for (GenomeIndex other = 0; other < requests_.size(); ++other) {
    if (has_seen(other)) rank(other);  // one of them takes its place
  }
}

// Only `genome` has risen since the list was right, so it is right again when that one has its place.
void UsageCounts::rank(GenomeIndex genome) {
  std::erase(likeliest_, genome);
  const auto lower = std::ranges::find_if(likeliest_, [&](GenomeIndex other) { return day_.grown(other) < day_.grown(genome); });
  likeliest_.insert(lower, genome);
  if (likeliest_.size() > kLikeliest) likeliest_.pop_back();
}

double UsageCounts::requests_per_s(Instant now) const {
  return ten_minutes_.sum(now) * std::numbers::ln2 / std::chrono::duration<double>(ten_minutes_.half_life()).count();
}

double UsageCounts::recent_share(const DecayedCounts& counts, GenomeIndex genome, Instant now) const {
  return counts.smoothed(genome, kRecentFloor, 1.0 / seen_, now);
}

double UsageCounts::share_ever(GenomeIndex genome) const {
  return (static_cast<double>(requests(genome)) + kEverFloor) / (static_cast<double>(all_requests_) + kEverFloor * seen_);
}

double UsageCounts::fallback_share(GenomeIndex genome, Instant now) const {
  return (share_10m(genome, now) + share_1h(genome, now)) / 2;
}

double UsageCounts::share_of_row(const CountRows& rows, std::uint32_t row, GenomeIndex genome, Instant now) const {
  return (rows.count(row, genome) + kBelieved * fallback_share(genome, now)) / (rows.total(row) + kBelieved);
}

double UsageCounts::share_after_previous(GenomeIndex genome, Instant now) const {
  return previous_ ? share_of_row(successors_, *previous_, genome, now) : fallback_share(genome, now);
}

}  // namespace genepool

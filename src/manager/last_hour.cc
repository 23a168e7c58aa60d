#include "manager/last_hour.h"

#include <algorithm>

namespace genepool {
namespace {

constexpr Duration kHour = std::chrono::hours(1);

}  // namespace

void LastHour::observe(GenomeIndex genome, Instant now) {
  drop_before(now - kHour);
  if (requests_.size() == kMostRequests) drop_oldest();
  if (genome >= counts_.size()) counts_.resize(genome + 1);
  requests_.push_back({now, genome});
  set_count(genome, counts_[genome] + 1);
}

void LastHour::drop_before(Instant oldest) {
  while (!requests_.empty() && requests_.front().at < oldest) drop_oldest();
}

void LastHour::drop_oldest() {
  const GenomeIndex genome = requests_.front().genome;
  requests_.pop_front();
  set_count(genome, counts_[genome] - 1);
}

void LastHour::set_count(GenomeIndex genome, std::uint32_t count) {
  ranks_.erase({~counts_[genome], genome});
  counts_[genome] = count;
  if (count > 0) ranks_.emplace(~count, genome);
}

void LastHour::forget(GenomeIndex genome) {
  if (genome >= counts_.size()) return;
  std::erase_if(requests_, [&](const Request& request) { return request.genome == genome; });
  set_count(genome, 0);
}

std::optional<LastHour::Top> LastHour::top(Instant now) {
  drop_before(now - kHour);
  if (ranks_.empty()) return std::nullopt;
  const GenomeIndex genome = ranks_.begin()->second;
  return Top{genome, counts_[genome] / static_cast<double>(requests_.size())};
}

}  // namespace genepool

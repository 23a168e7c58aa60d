#include "sim/quantiles.h"

#include <algorithm>
#include <cmath>

namespace genepool {
namespace {

constexpr double kLeast = 1e-6, kGrowth = 1.01;
const double kLogGrowth = std::log(kGrowth);

}  // namespace

void Quantiles::add(double seconds) {
  const double step = seconds < kLeast ? 0 : 1 + std::log(seconds / kLeast) / kLogGrowth;
  ++buckets_[std::min(static_cast<std::size_t>(step), kBuckets - 1)];
  ++count_;
  sum_ += seconds;
}

double Quantiles::at(double share) const {
  if (count_ == 0) return 0;
  const auto rank = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_)));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    seen += buckets_[i];
    if (seen >= std::max<std::uint64_t>(rank, 1)) return i == 0 ? 0 : kLeast * std::pow(kGrowth, static_cast<double>(i) - 0.5);
  }
  return 0;
}

}  // namespace genepool

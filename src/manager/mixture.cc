#include "manager/mixture.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.h"

namespace genepool {
namespace {

constexpr double kShared = 0.005;
constexpr double kLeastWeight = 1e-12;

}  // namespace

Mixture::Mixture(std::size_t voices) : weights_(voices, 1.0 / static_cast<double>(voices)), voice_losses_(voices) {
  GENEPOOL_CHECK(voices > 0);
}

double Mixture::mix(std::span<const double> chances) const {
  return std::transform_reduce(weights_.begin(), weights_.end(), chances.begin(), 0.0);
}

void Mixture::observe(std::span<const double> chances) {
  const double mixed = mix(chances);
  loss_ -= std::log(mixed);
  ++requests_;
  double sum = 0;
  for (std::size_t voice = 0; voice < weights_.size(); ++voice) {
    voice_losses_[voice] -= std::log(chances[voice]);
    weights_[voice] = std::max(kLeastWeight, weights_[voice] * chances[voice] / mixed);
    sum += weights_[voice];
  }
  const double dealt = kShared / static_cast<double>(weights_.size());
  for (double& weight : weights_) weight = (1 - kShared) * weight / sum + dealt;
}

}  // namespace genepool

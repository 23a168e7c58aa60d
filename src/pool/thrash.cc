#include "pool/thrash.h"

#include <algorithm>

namespace genepool {
namespace {

constexpr double kLeastInferenceMs = 1e-6;  // a request that ended at once must not divide by zero

template <class Samples>
double mean_ms(const Samples& samples) {
  double sum = 0;
  for (const auto& sample : samples) sum += sample.ms;
  return samples.empty() ? 0 : sum / static_cast<double>(samples.size());
}

template <class Samples>
void forget_before(Samples& samples, Instant oldest) {
  while (!samples.empty() && samples.front().at < oldest) samples.pop_front();
}

}  // namespace

bool ThrashDetector::on_request(Duration assembly, Duration inference, Instant now) {
  const auto add = [&](std::deque<Sample>& samples, Duration d) {
    samples.push_back({now, to_ms(d)});
    if (samples.size() > options_.max_samples) samples.pop_front();
  };
  if (assembly > Duration::zero()) add(assemblies_, assembly);
  add(inferences_, inference);
  return assembly > inference;
}

std::optional<bool> ThrashDetector::update(Instant now) {
  forget_before(assemblies_, now - options_.window);
  forget_before(inferences_, now - options_.window);
  state_.assemblies = assemblies_.size();
  state_.inferences = inferences_.size();
  state_.mean_assembly_ms = mean_ms(assemblies_);
  state_.mean_inference_ms = mean_ms(inferences_);
  state_.ratio =
      inferences_.empty() ? 0 : state_.mean_assembly_ms / std::max(state_.mean_inference_ms, kLeastInferenceMs);

  if (!state_.is_thrashing) {
    if (state_.assemblies < options_.min_assemblies || state_.ratio <= options_.ratio) return std::nullopt;
    state_.is_thrashing = true;
    calm_since_.reset();
    return true;
  }
  if (state_.ratio >= options_.fall_share * options_.ratio) {
    calm_since_.reset();
    return std::nullopt;
  }
  if (!calm_since_) calm_since_ = now;
  if (now - *calm_since_ < options_.calm) return std::nullopt;
  state_.is_thrashing = false;
  return false;
}

}  // namespace genepool

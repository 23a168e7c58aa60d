#include "manager/founding_rules.h"

#include <fmt/core.h>

#include <algorithm>

namespace genepool {
namespace {

constexpr Duration kEvery = std::chrono::seconds(60);
constexpr double kThrashRatio = 0.5, kHitRate = 0.8, kConfidence = 0.7;
constexpr std::uint32_t kMostHot = 10, kWarmStep = 5;
constexpr std::uint32_t kMostWarm = 100'000;  // the document has no bound; the knob has this one

void grow_hot(double ratio, FoundingAdvice& advice) {
  advice.log.push_back(fmt::format("Thrashing detected (ratio: {:.2f})", ratio));
  if (advice.sizes.max_hot >= kMostHot) return;
  ++advice.sizes.max_hot;
  advice.log.push_back(fmt::format("Increased HOT pool size to {}", advice.sizes.max_hot));
}

void grow_warm(double hit_rate, FoundingAdvice& advice) {
  advice.log.push_back(fmt::format("Low cache hit rate ({:.2f})", hit_rate));
  if (advice.sizes.warm_max_genomes >= kMostWarm) return;
  advice.sizes.warm_max_genomes = std::min(kMostWarm, advice.sizes.warm_max_genomes + kWarmStep);
  advice.log.push_back(fmt::format("Increased layer cache size to {}", advice.sizes.warm_max_genomes));
}

}  // namespace

std::optional<FoundingAdvice> FoundingRules::update(const FoundingSignals& signals, FoundingSizes sizes, Instant now) {
  if (now - last_ < kEvery) return std::nullopt;
  last_ = now;
  FoundingAdvice advice{.sizes = sizes};
  if (signals.thrash_ratio > kThrashRatio) grow_hot(signals.thrash_ratio, advice);
  if (signals.hit_rate && *signals.hit_rate < kHitRate) grow_warm(*signals.hit_rate, advice);
  return advice;
}

FoundingPrediction founding_prediction(std::string_view genome, double confidence, bool is_hot) {
  FoundingPrediction prediction;
  if (confidence <= kConfidence) return prediction;
  prediction.log.push_back(fmt::format("AI predicts: {} ({:.2f})", genome, confidence));
  if (is_hot) return prediction;
  prediction.is_prewarm = true;
  prediction.log.push_back(fmt::format("Pre-warming predicted genome: {}", genome));
  return prediction;
}

}  // namespace genepool

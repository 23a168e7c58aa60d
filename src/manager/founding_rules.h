// The founding document's own rules, kept under its name as a baseline beside the manager's (`manager.sizing: founding`), with
// its log lines in its words. Every 60 s:
//   thrash ratio > 0.5      max_hot + 1, up to 10
//   hit rate < 0.8          warm.max_genomes + 5
// and its prediction: the genome most used in the last hour is made HOT when its share of the hour is > 0.7.
// What measurement says of them: they never shrink, and the ratio is a mean per assembly, which no size can lower.
// Pure; time is handed in. Thread: one at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace genepool {

struct FoundingSizes {
  std::uint32_t max_hot = 0, warm_max_genomes = 0;
  bool operator==(const FoundingSizes&) const = default;
};

struct FoundingSignals {
  double thrash_ratio = 0;         // mean assembly / mean inference
  std::optional<double> hit_rate;  // of the layer cache; nothing while it was not asked
};

struct FoundingAdvice {
  FoundingSizes sizes;
  std::vector<std::string> log;
};

class FoundingRules {
 public:
  explicit FoundingRules(Instant now) : last_(now) {}
  // Call at least every few seconds with the sizes in force; what they should be, once in 60 s.
  [[nodiscard]] std::optional<FoundingAdvice> update(const FoundingSignals& signals, FoundingSizes sizes, Instant now);

 private:
  Instant last_;
};

struct FoundingPrediction {
  bool is_prewarm = false;  // make it HOT
  std::vector<std::string> log;
};

// `genome` is the most used one of the last hour, `confidence` its share of the hour's requests.
[[nodiscard]] FoundingPrediction founding_prediction(std::string_view genome, double confidence, bool is_hot);

}  // namespace genepool

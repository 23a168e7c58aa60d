// Metrics: counters, gauges and histograms of metrics.def, and the raw samples that `stats` shows under the founding
// document's names. Thread: any (prometheus-cpp core locks inside; samples have a mutex).
// Use:   metrics.add(Counter::kLookups, {"hot"});   metrics.observe(Histogram::kTtftSeconds, seconds, {"warm"});
//        std::string page = metrics.text();         // Prometheus exposition format
// Not here: HTTP, what the numbers mean for the pool.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace genepool {

// The label shared by genomes beyond the cap and by stacks that a client composed.
inline constexpr std::string_view kOtherGenomes = "other";

enum class Counter {
#define GENEPOOL_COUNTER(id, name, labels, help) id,
#define GENEPOOL_GAUGE(id, name, labels, help)
#define GENEPOOL_HISTOGRAM(id, name, labels, buckets, help)
#include "metrics/metrics.def"
#undef GENEPOOL_COUNTER
#undef GENEPOOL_GAUGE
#undef GENEPOOL_HISTOGRAM
};
enum class Gauge {
#define GENEPOOL_COUNTER(id, name, labels, help)
#define GENEPOOL_GAUGE(id, name, labels, help) id,
#define GENEPOOL_HISTOGRAM(id, name, labels, buckets, help)
#include "metrics/metrics.def"
#undef GENEPOOL_COUNTER
#undef GENEPOOL_GAUGE
#undef GENEPOOL_HISTOGRAM
};
enum class Histogram {
#define GENEPOOL_COUNTER(id, name, labels, help)
#define GENEPOOL_GAUGE(id, name, labels, help)
#define GENEPOOL_HISTOGRAM(id, name, labels, buckets, help) id,
#include "metrics/metrics.def"
#undef GENEPOOL_COUNTER
#undef GENEPOOL_GAUGE
#undef GENEPOOL_HISTOGRAM
};

// The founding document's times (its names in stats): raw samples in milliseconds.
enum class Timing { kLayerLoad, kLayerStack, kProcessSpawn, kInference, kProcessTeardown, kTotalRequest, kCount };
[[nodiscard]] std::string_view timing_name(Timing timing);  // "layerLoadTime"

struct TimingSummary {
  std::uint64_t count = 0;                                 // ever
  double p50_ms = 0, p99_ms = 0, mean_ms = 0, max_ms = 0;  // of the kept samples
  std::vector<double> recent_ms;                           // oldest first, at most `samples`
};

using LabelValues = std::initializer_list<std::string_view>;

class Metrics {
 public:
  // `genome_labels`: how many distinct values a label named "genome" may take before the rest become "other".
  Metrics(std::size_t samples, std::size_t genome_labels);
  ~Metrics();

  void add(Counter counter, LabelValues labels = {}, double amount = 1);
  void set(Gauge gauge, double value, LabelValues labels = {});
  void observe(Histogram histogram, double seconds, LabelValues labels = {});
  void sample(Timing timing, Duration duration);  // raw samples only

  [[nodiscard]] double value(Counter counter, LabelValues labels = {}) const;
  [[nodiscard]] double total(Counter counter) const;  // over all label values
  [[nodiscard]] TimingSummary summary(Timing timing) const;
  void forget_genome(std::string_view genome);  // drops its series
  [[nodiscard]] std::string text() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Percentile of unsorted samples by nearest rank; 0 when empty.
[[nodiscard]] double percentile(std::vector<double> samples, double share);

}  // namespace genepool

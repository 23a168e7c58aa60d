#include "metrics/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <array>
#include <deque>
#include <mutex>
#include <set>
#include <type_traits>
#include <unordered_map>

#include "base/error.h"
#include "metrics/samples.h"

namespace genepool {
namespace {

using Buckets = prometheus::Histogram::BucketBoundaries;
using GenomeNames = std::set<std::string, std::less<>>;

constexpr char kSeparator = '\x1f';  // between label values in a key; no name of ours can hold it

const Buckets kFine{0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};
const Buckets kCoarse{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300};

std::vector<std::string> split(std::string_view list) {
  std::vector<std::string> out;
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    out.emplace_back(list.substr(0, comma));
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return out;
}

struct KeyHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view key) const noexcept { return std::hash<std::string_view>{}(key); }
};

// One row of metrics.def with its children, found by their joined label values: prometheus' own lookup builds and
// hashes a map of label names each time, about 1 us a call. Guarded by State::mutex.
template <class T>
class Series {
 public:
  Series(prometheus::Family<T>& family, std::string_view labels, const Buckets& buckets)
      : family_(family), labels_(split(labels)), buckets_(buckets) {
    for (std::size_t i = 0; i < labels_.size(); ++i) {
      if (labels_[i] == "genome") genome_at_ = i;
    }
    if (labels_.empty()) child({}, {});  // shows as 0 from the start: "should stay 0" must be visible
  }

  [[nodiscard]] bool has_genome() const { return genome_at_ < labels_.size(); }

  // `genome`: what the genome label shows; the value given there is not used.
  T& child(LabelValues values, std::string_view genome) {
    GENEPOOL_CHECK(values.size() == labels_.size(), "{} wants {} label values, found {}", family_.GetName(), labels_.size(),
                   values.size());
    std::string buffer;
    const std::string_view key = key_of(values, genome, buffer);
    const auto known = children_.find(key);
    if (known != children_.end()) return *known->second.metric;
    T& made = make(key);
    children_.emplace(std::string(key), Child{&made, std::string(genome)});
    return made;
  }

  [[nodiscard]] const T* find(LabelValues values) const {
    std::string buffer;
    const std::string_view genome = has_genome() && values.size() > genome_at_ ? values.begin()[genome_at_] : "";
    const auto known = children_.find(key_of(values, genome, buffer));
    return known == children_.end() ? nullptr : known->second.metric;
  }

  [[nodiscard]] std::string_view genome_of(LabelValues values) const {
    return has_genome() && values.size() == labels_.size() ? values.begin()[genome_at_] : std::string_view{};
  }

  [[nodiscard]] double total() const {
    double sum = 0;
    for (const auto& [key, known] : children_) sum += known.metric->Value();
    return sum;
  }

  void forget(std::string_view genome) {
    if (!has_genome()) return;
    std::erase_if(children_, [&](const auto& item) {
      if (item.second.genome != genome) return false;
      family_.Remove(item.second.metric);
      return true;
    });
  }

 private:
  struct Child {
    T* metric;  // the family's
    std::string genome;
  };

  // The common cases, no label and one label, take no copy.
  std::string_view key_of(LabelValues values, std::string_view genome, std::string& buffer) const {
    if (values.size() == 0) return {};
    if (values.size() == 1) return has_genome() ? genome : *values.begin();
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (i > 0) buffer.push_back(kSeparator);
      buffer.append(i == genome_at_ ? genome : values.begin()[i]);
    }
    return buffer;
  }

  T& make(std::string_view key) {
    prometheus::Labels labels;
    for (const std::string& label : labels_) {
      const std::size_t end = std::min(key.find(kSeparator), key.size());
      labels.emplace(label, key.substr(0, end));
      key.remove_prefix(std::min(end + 1, key.size()));
    }
    if constexpr (std::is_same_v<T, prometheus::Histogram>) {
      return family_.Add(labels, buckets_);
    } else {
      return family_.Add(labels);
    }
  }

  prometheus::Family<T>& family_;
  const std::vector<std::string> labels_;
  const Buckets& buckets_;
  std::size_t genome_at_ = SIZE_MAX;
  std::unordered_map<std::string, Child, KeyHash, std::equal_to<>> children_;
};

}  // namespace

struct Metrics::State {
  State(std::size_t sample_count, std::size_t label_cap) : genome_labels(label_cap) {
    const auto full = [](const char* name) { return std::string("genepool_") + name; };
#define GENEPOOL_COUNTER(id, name, labels, help) \
  counters.emplace_back(prometheus::BuildCounter().Name(full(name)).Help(help).Register(registry), labels, kFine);
#define GENEPOOL_GAUGE(id, name, labels, help) \
  gauges.emplace_back(prometheus::BuildGauge().Name(full(name)).Help(help).Register(registry), labels, kFine);
#define GENEPOOL_HISTOGRAM(id, name, labels, buckets, help) \
  histograms.emplace_back(prometheus::BuildHistogram().Name(full(name)).Help(help).Register(registry), labels, buckets);
#include "metrics/metrics.def"
#undef GENEPOOL_COUNTER
#undef GENEPOOL_GAUGE
#undef GENEPOOL_HISTOGRAM
    for (int i = 0; i < static_cast<int>(Timing::kCount); ++i) samples.emplace_back(sample_count);
  }

  template <class T>
  T& child(Series<T>& series, LabelValues values) {
    return series.child(values, series.has_genome() ? shown(series.genome_of(values)) : std::string_view{});
  }

  // The genome itself while there is room for its label, else "other".
  std::string_view shown(std::string_view genome) {
    if (genome == kOtherGenomes || genomes.contains(genome)) return genome;
    if (genomes.size() >= genome_labels) return kOtherGenomes;
    genomes.emplace(genome);
    return genome;
  }

  const std::size_t genome_labels;
  prometheus::Registry registry;
  // One mutex for all series: held for one map lookup and one addition (about 50 ns), and it makes forget_genome()
  // safe against a concurrent add(). Collecting takes only prometheus' own locks.
  std::mutex mutex;
  GenomeNames genomes;
  std::deque<Series<prometheus::Counter>> counters;
  std::deque<Series<prometheus::Gauge>> gauges;
  std::deque<Series<prometheus::Histogram>> histograms;
  std::deque<Samples> samples;
};

Metrics::Metrics(std::size_t samples, std::size_t genome_labels) : state_(std::make_unique<State>(samples, genome_labels)) {}
Metrics::~Metrics() = default;

void Metrics::add(Counter counter, LabelValues labels, double amount) {
  const std::scoped_lock lock(state_->mutex);
  state_->child(state_->counters[static_cast<std::size_t>(counter)], labels).Increment(amount);
}

void Metrics::set(Gauge gauge, double value, LabelValues labels) {
  const std::scoped_lock lock(state_->mutex);
  state_->child(state_->gauges[static_cast<std::size_t>(gauge)], labels).Set(value);
}

void Metrics::observe(Histogram histogram, double seconds, LabelValues labels) {
  const std::scoped_lock lock(state_->mutex);
  state_->child(state_->histograms[static_cast<std::size_t>(histogram)], labels).Observe(seconds);
}

void Metrics::sample(Timing timing, Duration duration) { state_->samples[static_cast<std::size_t>(timing)].add(to_ms(duration)); }

double Metrics::value(Counter counter, LabelValues labels) const {
  const std::scoped_lock lock(state_->mutex);
  const prometheus::Counter* child = state_->counters[static_cast<std::size_t>(counter)].find(labels);
  return child == nullptr ? 0 : child->Value();
}

double Metrics::total(Counter counter) const {
  const std::scoped_lock lock(state_->mutex);
  return state_->counters[static_cast<std::size_t>(counter)].total();
}

TimingSummary Metrics::summary(Timing timing) const { return state_->samples[static_cast<std::size_t>(timing)].summary(); }

void Metrics::forget_genome(std::string_view genome) {
  const std::scoped_lock lock(state_->mutex);
  const auto known = state_->genomes.find(genome);
  if (known == state_->genomes.end()) return;
  for (auto& series : state_->counters) series.forget(genome);
  for (auto& series : state_->gauges) series.forget(genome);
  for (auto& series : state_->histograms) series.forget(genome);
  state_->genomes.erase(known);
}

std::string Metrics::text() const { return prometheus::TextSerializer().Serialize(state_->registry.Collect()); }

std::string_view timing_name(Timing timing) {
  static constexpr std::array<std::string_view, static_cast<std::size_t>(Timing::kCount)> kNames{
      "layerLoadTime", "layerStackTime", "processSpawnTime", "inferenceTime", "processTeardownTime", "totalRequestTime"};
  return kNames.at(static_cast<std::size_t>(timing));
}

}  // namespace genepool

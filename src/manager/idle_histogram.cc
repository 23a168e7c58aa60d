#include "manager/idle_histogram.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>

namespace genepool {
namespace {

constexpr Duration kBin = std::chrono::minutes(1);
constexpr std::uint32_t kFewestRests = 60;
constexpr double kLeastVariation = 2;
constexpr double kHead = 0.05, kTail = 0.99;
constexpr double kMargin = 0.1;

Duration scaled(Duration time, double by) { return Duration(static_cast<Duration::rep>(static_cast<double>(time.count()) * by)); }

template <class Bins>
std::uint32_t sum_of(const Bins& bins) {
  return std::accumulate(bins.begin(), bins.end(), std::uint32_t{0});
}

// Of the counts over the bins: deviation / mean.
template <class Bins>
double variation(const Bins& bins) {
  const double mean = sum_of(bins) / static_cast<double>(bins.size());
  double squares = 0;
  for (const double count : bins) squares += (count - mean) * (count - mean);
  return std::sqrt(squares / static_cast<double>(bins.size())) / mean;
}

// The first bin up to which `share` of the counts lie.
template <class Bins>
std::size_t percentile(const Bins& bins, double share) {
  const double wanted = share * sum_of(bins);
  double below = 0;
  std::size_t bin = 0;
  while ((below += bins[bin]) < wanted) ++bin;
  return bin;
}

}  // namespace

std::optional<IdleHistogram::Window> IdleHistogram::window_of(const Histogram& histogram) {
  const std::uint32_t within = sum_of(histogram.bins);
  if (within < kFewestRests || within < histogram.beyond || variation(histogram.bins) < kLeastVariation) return std::nullopt;
  const auto head = static_cast<Duration::rep>(percentile(histogram.bins, kHead));      // its beginning
  if (head == 0) return std::nullopt;
  const auto tail = static_cast<Duration::rep>(percentile(histogram.bins, kTail)) + 1;  // its end
  return Window{scaled(kBin * head, 1 - kMargin), scaled(kBin * tail, 1 + kMargin)};
}

void IdleHistogram::observe(GenomeIndex index, Instant now) {
  if (index >= genomes_.size()) genomes_.resize(index + 1);
  stop_expecting(index);
  Genome& genome = genomes_[index];
  if (genome.last) count(genome, now - *genome.last);
  genome.last = now;
  if (genome.window) openings_.emplace(now + genome.window->ready_after, index);
}

void IdleHistogram::count(Genome& genome, Duration rest) {
  if (genome.histogram == 0) {
    if (free_histograms_.empty()) {
      histograms_.emplace_back();
      free_histograms_.push_back(static_cast<std::uint32_t>(histograms_.size()));
    }
    genome.histogram = free_histograms_.back();
    free_histograms_.pop_back();
  }
  Histogram& histogram = histograms_[genome.histogram - 1];
  const auto bin = static_cast<std::size_t>(std::max(rest, Duration::zero()) / kBin);
  if (bin >= kBins) {
    ++histogram.beyond;
  } else if (++histogram.bins[bin] == std::numeric_limits<std::uint16_t>::max()) {
    for (std::uint16_t& count : histogram.bins) count /= 2;
    histogram.beyond /= 2;
  }
  genome.window = window_of(histogram);
}

void IdleHistogram::stop_expecting(GenomeIndex index) {
  const Genome& genome = genomes_[index];
  if (genome.window) openings_.erase({*genome.last + genome.window->ready_after, index});
}

void IdleHistogram::forget(GenomeIndex index) {
  if (index >= genomes_.size()) return;
  stop_expecting(index);
  Genome& genome = genomes_[index];
  if (genome.histogram != 0) {
    histograms_[genome.histogram - 1] = {};
    free_histograms_.push_back(genome.histogram);
  }
  genome = {};
}

std::optional<IdleHistogram::Window> IdleHistogram::window(GenomeIndex genome) const {
  return genome < genomes_.size() ? genomes_[genome].window : std::nullopt;
}

double IdleHistogram::chance_within(GenomeIndex index, Duration horizon, Instant now) const {
  if (!window(index)) return 0;
  const Genome& genome = genomes_[index];
  const Histogram& histogram = histograms_[genome.histogram - 1];
  const auto longer_than = [&](Duration rest) {  // how many rests were; within a bin they are spread evenly
    const double at = static_cast<double>(rest.count()) / static_cast<double>(kBin.count());
    double longer = histogram.beyond;
    for (std::size_t bin = 0; bin < kBins; ++bin) {
      longer += histogram.bins[bin] * std::clamp(static_cast<double>(bin) + 1 - at, 0.0, 1.0);
    }
    return longer;
  };
  const double still = longer_than(now - *genome.last);
  return still == 0 ? 0 : 1 - longer_than(now - *genome.last + horizon) / still;
}

std::optional<GenomeIndex> IdleHistogram::first_expected(Instant now, const std::function<bool(GenomeIndex)>& is_there) const {
  for (const auto& [opening, index] : openings_) {
    if (opening > now) break;
    const Genome& genome = genomes_[index];
    if (now <= *genome.last + genome.window->keep_until && !is_there(index)) return index;
  }
  return std::nullopt;
}

}  // namespace genepool

#include "suite/arrivals.h"

#include <numeric>
#include <random>

namespace genepool::bench {
namespace {

std::discrete_distribution<std::size_t> zipf_over(std::size_t genomes) {
  std::vector<double> popularity;
  for (std::size_t i = 0; i < genomes; ++i) popularity.push_back(1.0 / static_cast<double>(i + 1));
  return {popularity.begin(), popularity.end()};
}

}  // namespace

std::vector<Arrival> arrivals(Pattern pattern, double per_second, Duration length, std::size_t genomes, std::uint64_t seed) {
  std::mt19937_64 chance(seed);
  std::discrete_distribution<std::size_t> zipf = zipf_over(genomes);
  const std::size_t at_once = pattern == Pattern::kBursts ? kBurst : 1;
  std::exponential_distribution<double> gap_s(per_second / static_cast<double>(at_once));
  std::vector<Arrival> all;
  for (double now_s = gap_s(chance);; now_s += gap_s(chance)) {
    const auto at = std::chrono::duration_cast<Duration>(std::chrono::duration<double>(now_s));
    if (at >= length) return all;
    for (std::size_t i = 0; i < at_once; ++i) all.push_back({at, zipf(chance)});
  }
}

std::vector<std::size_t> zipf_choices(std::size_t count, std::size_t genomes, std::uint64_t seed) {
  std::mt19937_64 chance(seed);
  std::discrete_distribution<std::size_t> zipf = zipf_over(genomes);
  std::vector<std::size_t> choices(count);
  for (std::size_t& choice : choices) choice = zipf(chance);
  return choices;
}

double jain_index(const std::vector<double>& values) {
  const double sum = std::accumulate(values.begin(), values.end(), 0.0);
  const double squares = std::inner_product(values.begin(), values.end(), values.begin(), 0.0);
  return squares > 0 ? sum * sum / (static_cast<double>(values.size()) * squares) : 1;
}

}  // namespace genepool::bench

#include "sim/miss_grid.h"

#include <algorithm>
#include <atomic>
#include <iterator>

#include "sim/parallel.h"
#include "sim/simulation.h"
#include "trace/belady.h"
#include "trace/generate.h"

namespace genepool {
namespace {

constexpr std::uint64_t kPlenty = std::uint64_t{1} << 50;

std::size_t place_index(std::uint32_t places) {
  return static_cast<std::size_t>(std::ranges::find(kPlaces, places) - std::begin(kPlaces));
}

std::size_t profile_index(std::string_view profile) {
  return static_cast<std::size_t>(std::ranges::find(profiles(), profile, &Profile::name) - profiles().begin());
}

}  // namespace

Knobs unit_knobs(std::uint32_t places, PolicyKind policy) {
  Knobs k;
  k.max_hot = places;
  k.hot_bytes = k.warm_bytes = kPlenty;
  k.warm_max_genomes = 1U << 20;
  k.hot_policy = policy;
  k.load_prior = Duration(1);
  k.has_breakers = false;  // nothing fails
  return k;
}

std::uint64_t unit_misses(const Trace& trace, std::uint32_t places, PolicyKind policy) {
  static const auto costs = make_fixed_costs({});
  return simulate(trace, {.knobs = unit_knobs(places, policy), .costs = costs.get()}).misses();
}

MissGrid MissGrid::make(std::span<const PolicyKind> policies, const std::function<void(std::size_t, std::size_t)>& progress) {
  MissGrid grid;
  grid.policies_.assign(policies.begin(), policies.end());
  grid.rows_.resize(profiles().size() * kSeeds * std::size(kPlaces));
  const std::size_t traces = profiles().size() * kSeeds;
  std::atomic<std::size_t> done{0};
  for_each_index(traces, [&](std::size_t i) {
    const Result<Trace> trace = generate(profiles()[i / kSeeds], {.seed = 1 + i % kSeeds});
    GENEPOOL_CHECK(trace.has_value(), "a shipped profile");
    const std::vector<std::uint32_t> uses = genome_uses(*trace);
    for (const std::uint32_t places : kPlaces) {
      Row& row = grid.rows_[i * std::size(kPlaces) + place_index(places)];
      row.requests = uses.size();
      row.belady = min_misses(uses, places);
      for (const PolicyKind policy : policies) row.misses.push_back(unit_misses(*trace, places, policy));
    }
    progress(++done, traces);
  });
  return grid;
}

const MissGrid::Row& MissGrid::row(std::string_view profile, std::uint64_t seed, std::uint32_t places) const {
  return rows_.at((profile_index(profile) * kSeeds + seed - 1) * std::size(kPlaces) + place_index(places));
}

std::uint64_t MissGrid::misses(std::string_view profile, std::uint64_t seed, std::uint32_t places, PolicyKind policy) const {
  const auto at = std::ranges::find(policies_, policy) - policies_.begin();
  return row(profile, seed, places).misses.at(static_cast<std::size_t>(at));
}

std::uint64_t MissGrid::belady(std::string_view profile, std::uint64_t seed, std::uint32_t places) const {
  return row(profile, seed, places).belady;
}

std::uint64_t MissGrid::requests(std::string_view profile, std::uint64_t seed) const { return row(profile, seed, kPlaces[0]).requests; }

double MissGrid::ratio(std::string_view profile, std::uint32_t places, PolicyKind policy) const {
  double sum = 0;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    sum += static_cast<double>(misses(profile, seed, places, policy)) / static_cast<double>(requests(profile, seed));
  }
  return sum / static_cast<double>(kSeeds);
}

double MissGrid::belady_ratio(std::string_view profile, std::uint32_t places) const {
  double sum = 0;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    sum += static_cast<double>(belady(profile, seed, places)) / static_cast<double>(requests(profile, seed));
  }
  return sum / static_cast<double>(kSeeds);
}

}  // namespace genepool

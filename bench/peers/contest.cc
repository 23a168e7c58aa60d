#include "peers/contest.h"

#include <algorithm>

namespace genepool::bench {

const Contestant* Contest::ours() const {
  const auto it = std::ranges::find_if(contestants, [](const Contestant& c) { return !c.is_peer && !c.samples.empty(); });
  return it == contestants.end() ? nullptr : &*it;
}

const Contestant* Contest::best_peer() const {
  const Contestant* best = nullptr;
  for (const Contestant& peer : contestants) {
    if (!peer.is_peer || peer.samples.empty()) continue;
    const double mine = median_of(peer.samples), other = best == nullptr ? 0 : median_of(best->samples);
    if (best == nullptr || (is_lower_better() ? mine < other : mine > other)) best = &peer;
  }
  return best;
}

std::vector<double> Contest::ratios() const {
  const Contestant* us = ours();
  const Contestant* peer = best_peer();
  if (us == nullptr || peer == nullptr) return {};
  std::vector<double> ratios;
  for (std::size_t i = 0; i < std::min(us->samples.size(), peer->samples.size()); ++i) {
    ratios.push_back(is_lower_better() ? peer->samples[i] / us->samples[i] : us->samples[i] / peer->samples[i]);
  }
  return ratios;
}

std::optional<bool> Contest::is_reached() const {
  const std::vector<double> all = ratios();
  if (!goal || all.empty()) return std::nullopt;
  return median_of(all) >= *goal;
}

}  // namespace genepool::bench

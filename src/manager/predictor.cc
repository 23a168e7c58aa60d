#include "manager/predictor.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace genepool {

Predictor::Predictor(std::span<const std::string_view> voices)
    : names_(voices.begin(), voices.end()), mixture_(voices.size()), chances_(voices.size()) {
  for (const std::string_view name : names_) {
    voices_.push_back(make_voice(name, {&counts_, &lives_}));
    GENEPOOL_CHECK(voices_.back() != nullptr, "no voice {}", name);
  }
}

std::span<const double> Predictor::ask_voices(GenomeIndex genome, const Moment& moment) const {
  const double escape = escape_.chance();
  const bool has_seen = counts_.has_seen(genome);
  std::ranges::transform(voices_, chances_.begin(), [&](const auto& voice) {
    return has_seen ? (1 - escape) * voice->share(genome, moment) : escape;
  });
  return chances_;
}

void Predictor::observe(GenomeIndex genome, const Moment& moment) {
  mixture_.observe(ask_voices(genome, moment));
  for (const auto& voice : voices_) voice->observe(genome, moment);
  escape_.observe(!counts_.has_seen(genome));
  if (moment.user) users_.observe(*moment.user, genome);
  counts_.observe(genome, moment.now);
}

void Predictor::forget(GenomeIndex genome) {
  counts_.forget(genome);
  lives_.forget(genome);
}

double Predictor::chance(GenomeIndex genome, const Moment& moment) const {
  return counts_.has_seen(genome) ? mixture_.mix(ask_voices(genome, moment)) : 0;
}

double Predictor::chance_within(GenomeIndex genome, Duration horizon, const Moment& moment) const {
  const double requests = counts_.requests_per_s(moment.now) * std::chrono::duration<double>(horizon).count();
  return 1 - std::pow(1 - chance(genome, moment), requests);
}

std::optional<GenomeIndex> Predictor::likeliest_absent(const Moment& moment,
                                                       const std::function<bool(GenomeIndex)>& is_resident) const {
  std::optional<GenomeIndex> likeliest;
  double highest = 0;
  for (const GenomeIndex genome : counts_.likeliest_of_day()) {
    if (is_resident(genome)) continue;
    const double one = chance(genome, moment);
    if (one <= highest) continue;
    highest = one;
    likeliest = genome;
  }
  return likeliest;
}

}  // namespace genepool

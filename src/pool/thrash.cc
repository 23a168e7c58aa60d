#include "pool/thrash.h"

#include <algorithm>
#include <functional>
#include <map>
#include <utility>

namespace genepool {
namespace {

constexpr Duration kLeastInference = std::chrono::nanoseconds(1);  // a request that ended at once must not divide by zero

template <class Samples>
void forget_before(Samples& samples, Instant oldest) {
  while (!samples.empty() && samples.front().at < oldest) samples.pop_front();
}

template <class Samples>
void add(Samples& samples, typename Samples::value_type sample, std::size_t most) {
  samples.push_back(std::move(sample));
  if (samples.size() > most) samples.pop_front();
}

double mean_ms(Duration sum, std::size_t count) { return count == 0 ? 0 : to_ms(sum) / static_cast<double>(count); }

}  // namespace

bool ThrashDetector::on_request(const std::string& genome, const AssemblyCost& cost, Duration inference, Instant now) {
  if (cost.assembly() > Duration::zero()) add(assemblies_, {now, genome, cost}, options_.max_samples);
  add(inferences_, {now, inference}, options_.max_samples);
  return cost.assembly() > inference;
}

void ThrashDetector::on_evicted(const std::string& genome, std::size_t places) {
  std::erase(ghosts_, genome);
  ghosts_.push_front(genome);
  // One more than there are places: the latest one goes for the sake of the page-in that asks next.
  if (ghosts_.size() > places + 1) ghosts_.resize(places + 1);
}

bool ThrashDetector::on_page_in(const std::string& genome, Instant now) {
  const bool is_refault = std::erase(ghosts_, genome) > 0;
  add(page_ins_, {now, is_refault}, options_.max_samples);
  return is_refault;
}

ThrashCauses ThrashDetector::causes() const {
  ThrashCauses causes;
  std::map<std::string, ThrashCauses::Genome> by_name;
  for (const Assembled& one : assemblies_) {
    causes.load_ms += to_ms(one.cost.load);
    causes.stack_ms += to_ms(one.cost.stack);
    causes.spawn_ms += to_ms(one.cost.spawn);
    ThrashCauses::Genome& genome = by_name[one.genome];
    genome.name = one.genome;
    ++genome.page_ins;
    genome.ms += to_ms(one.cost.all());
  }
  for (auto& [name, genome] : by_name) causes.genomes.push_back(std::move(genome));
  std::ranges::sort(causes.genomes, std::greater<>(), &ThrashCauses::Genome::ms);
  if (causes.genomes.size() > ThrashCauses::kMostGenomes) causes.genomes.resize(ThrashCauses::kMostGenomes);
  return causes;
}

std::optional<bool> ThrashDetector::update(Instant now) {
  forget_before(assemblies_, now - options_.window);
  forget_before(inferences_, now - options_.window);
  forget_before(page_ins_, now - options_.window);
  Duration assembly{}, inference{};
  for (const Assembled& one : assemblies_) assembly += one.cost.assembly();
  for (const Inferred& one : inferences_) inference += one.took;
  state_.assemblies = assemblies_.size();
  state_.inferences = inferences_.size();
  state_.page_ins = page_ins_.size();
  state_.mean_assembly_ms = mean_ms(assembly, assemblies_.size());
  state_.mean_inference_ms = mean_ms(inference, inferences_.size());
  state_.ratio = inferences_.empty() ? 0 : state_.mean_assembly_ms / std::max(state_.mean_inference_ms, to_ms(kLeastInference));
  state_.share = inferences_.empty() ? 0 : to_ms(assembly) / to_ms(std::max(inference, kLeastInference));
  const auto refaults = static_cast<double>(std::ranges::count(page_ins_, true, &PageIn::is_refault));
  state_.refault_share = page_ins_.empty() ? 0 : refaults / static_cast<double>(page_ins_.size());

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

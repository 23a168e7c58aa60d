#include "pool/thrash_text.h"

#include <fmt/core.h>

#include <algorithm>

namespace genepool {
namespace {

constexpr std::size_t kGenomesNamed = 3;
constexpr double kManyRefaults = 0.3;

const char* advice(const ThrashState& state, const ThrashCauses& causes) {
  if (causes.load_ms >= std::max(causes.stack_ms, causes.spawn_ms)) {
    return "try a larger warm.bytes and warm.max_genomes, so that layers stay in RAM, or a faster disk";
  }
  if (state.refault_share > kManyRefaults) return "try a larger pool.max_hot: what comes in was evicted shortly before";
  return causes.stack_ms >= causes.spawn_ms ? "try fewer or smaller layers a genome" : "try a larger pool.max_hot, or a longer pool.idle_ttl";
}

}  // namespace

std::string thrash_text(const ThrashState& state, const ThrashCauses& causes) {
  const double all = causes.load_ms + causes.stack_ms + causes.spawn_ms;
  if (all <= 0) return "";
  const auto share = [&](double ms) { return 100 * ms / all; };
  std::string text = fmt::format("{:.0f} % of the page-ins is layer_load, {:.0f} % layer_stack, {:.0f} % process_spawn; most by", share(causes.load_ms),
                                 share(causes.stack_ms), share(causes.spawn_ms));
  for (std::size_t i = 0; i < std::min(causes.genomes.size(), kGenomesNamed); ++i) {
    const ThrashCauses::Genome& genome = causes.genomes[i];
    text += fmt::format("{} {} ({} page-ins, {:.3g} s)", i == 0 ? "" : ",", genome.name, genome.page_ins, genome.ms / 1000);
  }
  return state.is_thrashing ? text + "; " + advice(state, causes) : text;
}

}  // namespace genepool

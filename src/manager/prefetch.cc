#include "manager/prefetch.h"

namespace genepool {

double waste_weight(LoaderState state) {
  switch (state) {
    case LoaderState::kNormal: return 0.3;
    case LoaderState::kPressure: return 1;
  }
  return 1;
}

PrefetchVerdict weigh_prefetch(const LoadStake& newcomer, const LoadStake& victim, LoaderState state) {
  return {.spared_s = newcomer.chance * newcomer.load_s,
          .lost_s = victim.chance * victim.load_s,
          .wasted_s = waste_weight(state) * newcomer.load_s * (1 - newcomer.chance)};
}

}  // namespace genepool

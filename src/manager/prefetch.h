// Whether to load a genome before anybody asked for it, in the place of a victim. Expected seconds of waiting, of requests within
// the horizon H:  load when  P_H(g) c_g > P_H(v) c_v + w c_g (1 - P_H(g)).  Left what the prefetch spares; right what is lost
// when the victim is asked for after all, and the load itself, when it was in vain, at the weight w that loading has now.
// Pure functions of their arguments.
#pragma once

#include <cstdint>

namespace genepool {

enum class LoaderState : std::uint8_t {
  kNormal,
  kPressure,  // memory, disk or cores are short
};
[[nodiscard]] double waste_weight(LoaderState state);  // w: .3, 1

struct LoadStake {
  double chance = 0;  // P_H, predictor.h or a hint's
  double load_s = 0;  // c
};
inline constexpr LoadStake kFreePlace = {};  // as victim: nothing is lost

struct PrefetchVerdict {
  double spared_s = 0, lost_s = 0, wasted_s = 0;  // expected
  [[nodiscard]] bool is_worth_it() const { return spared_s > lost_s + wasted_s; }
  [[nodiscard]] double gain_s() const { return spared_s - lost_s - wasted_s; }
};

[[nodiscard]] PrefetchVerdict weigh_prefetch(const LoadStake& newcomer, const LoadStake& victim, LoaderState state);

}  // namespace genepool

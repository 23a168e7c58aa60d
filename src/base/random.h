// Random: xoshiro256** (Blackman, Vigna 2018), its four words the first outputs of SplitMix64 from the seed. Own and not std::'s
// distributions, because those differ between libraries: the same seed gives the same numbers everywhere.
// Thread: one at a time. A decider that needs chance has one of these as part of its state.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

namespace genepool {

class Random {
 public:
  explicit Random(std::uint64_t seed) {
    for (std::uint64_t& word : state_) {
      seed += 0x9e3779b97f4a7c15U;
      std::uint64_t z = seed;
      z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
      z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
      word = z ^ (z >> 31);
    }
  }

  [[nodiscard]] std::uint64_t next() {
    const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
    const std::uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = std::rotl(state_[3], 45);
    return result;
  }

  // In [0, 1), 53 random bits.
  [[nodiscard]] double uniform() { return static_cast<double>(next() >> 11) * 0x1p-53; }

  // In [0, count); Requires: count > 0. The bias of the product is below count / 2^53.
  [[nodiscard]] std::uint64_t below(std::uint64_t count) {
    return static_cast<std::uint64_t>(uniform() * static_cast<double>(count));
  }

 private:
  std::array<std::uint64_t, 4> state_{};
};

}  // namespace genepool

// Contest: one question put to genepool and to what people would use instead, side by side in one run; figures per round, so
// that the ratio is taken within a round and its spread is known. Thread: values, pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "suite/measurement.h"

namespace genepool::bench {

struct Contestant {
  std::string name;     // "llama-server, tuned"
  std::string command;  // as it was started, or how it was asked
  bool is_peer = true;  // false: genepool
  std::vector<double> samples;  // by round; empty: see note
  std::string note;     // "not installed", or why it could not be measured
};

struct Contest {
  std::string id, title;
  Unit unit = Unit::kMillis;
  std::optional<double> goal;  // genepool is to be at least so many times better than the best peer
  std::vector<Contestant> contestants;
  std::string note;

  [[nodiscard]] bool is_lower_better() const { return unit != Unit::kTokensPerSecond; }
  [[nodiscard]] const Contestant* ours() const;       // nullptr: not measured
  [[nodiscard]] const Contestant* best_peer() const;  // by median; nullptr: none was measured
  // How many times better genepool was than the best peer, round by round: over 1 is better.
  [[nodiscard]] std::vector<double> ratios() const;
  [[nodiscard]] std::optional<bool> is_reached() const;  // by the median; none: no goal, or nobody to compare with
};

}  // namespace genepool::bench

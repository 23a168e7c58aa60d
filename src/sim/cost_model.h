// CostModel: how long each stage of a genome's life takes in virtual time. Two of them: drawn from measured distributions, and
// fixed ones, where a load costs the same each time and nothing else takes any time: what the literature's counts assume.
// Thread: one at a time; chance is the caller's.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "sim/stage_costs.h"

namespace genepool {

class CostModel {
 public:
  virtual ~CostModel() = default;
  [[nodiscard]] virtual Duration build(std::uint32_t genome, std::uint64_t bytes_read, std::uint64_t page_bytes, Random& random) const = 0;
  [[nodiscard]] virtual Duration spawn(std::uint32_t genome, Random& random) const = 0;
  [[nodiscard]] virtual Duration probe(Random& random) const = 0;
  [[nodiscard]] virtual Duration teardown(Random& random) const = 0;
  [[nodiscard]] virtual Duration prefill(std::uint32_t tokens, Random& random) const = 0;
  [[nodiscard]] virtual Duration decode(std::uint32_t tokens, Random& random) const = 0;
  // Speed of one of `together` requests of a worker, of `busy` workers, as a share of one alone.
  [[nodiscard]] virtual double speed(std::size_t together, std::size_t busy) const = 0;
};

[[nodiscard]] std::unique_ptr<CostModel> make_measured_costs(const StageCosts& costs);
// `load`: per genome, seconds; empty = 1 nanosecond each, so that times of arrival stay what they are.
[[nodiscard]] std::unique_ptr<CostModel> make_fixed_costs(std::vector<double> load_seconds);

}  // namespace genepool

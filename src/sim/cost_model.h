// CostModel: how long each stage of a genome's life takes in virtual time. Two of them: drawn from measured distributions, and
// fixed ones, where a load costs the same each time and nothing else takes any time: what the literature's counts assume.
// Thread: one at a time; chance is the caller's.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/random.h"

namespace genepool {

// Seconds; quantiles 0, 10, ... 100 %, between which a draw is linear.
struct StageQuantiles {
  std::array<double, 11> at{};
  [[nodiscard]] double draw(Random& random) const;
};

// As `bench costs` measures them on a machine.
struct StageCosts {
  StageQuantiles layer_load_mib, fuse_mib;          // per MiB of layers read, of page written
  StageQuantiles spawn, probe, teardown;            // per worker; spawn = fork to ready with its page
  StageQuantiles prefill_token, decode_token;       // of one request alone in its worker
  double batch_of_4 = 1.6;                          // tokens per second of 4 requests in one worker / of one
  double cores = 2;                                 // genomes that compute at once without slowing each other

  // "stage,q0,q10,...,q100" lines, `#` comments. kBadRequest with the line.
  [[nodiscard]] static Result<StageCosts> parse(std::string_view csv);
  [[nodiscard]] static const StageCosts& shipped();
};

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

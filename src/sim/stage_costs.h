// StageCosts: how long each stage takes on a machine, as distributions. `genepool bench limits --costs FILE` measures and writes
// them; the shipped ones are those of the machine that bench/results tells of. Thread: values.
//   file: lines of "stage,q0,q10,...,q100" in seconds, and "batch_of_4,VALUE", "cores,VALUE"; "#" begins a comment
#pragma once

#include <array>
#include <string>
#include <string_view>

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

};

// Every line must be there, once. kBadRequest with the line.
[[nodiscard]] Result<StageCosts> parse_stage_costs(std::string_view text);
[[nodiscard]] std::string stage_costs_text(const StageCosts& costs);
[[nodiscard]] const StageCosts& shipped_stage_costs();

}  // namespace genepool

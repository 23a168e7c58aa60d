// What a load is put on: a pool in this process, or a server of our own that is asked over HTTP, as its clients ask it.
// Owner: the suite. Thread: ask() from any; the rest from one.
#pragma once

#include <genepool/pool.h>

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "client/genepool_server.h"

namespace genepool::bench {

struct Served {
  std::size_t genome = 0;
  double queue_ms = 0, first_token_ms = 0, total_ms = 0;  // from the time it should have been sent; 0 when it failed
  std::vector<double> gap_ms;                             // between tokens
  std::uint64_t tokens = 0;
  std::string error;                                      // "" = answered
};

class LoadTarget {
 public:
  virtual ~LoadTarget() = default;
  // A chat prompt, greedy, exactly `tokens` long. `due`: when it should have been sent. Blocks; all but `genome` is set.
  [[nodiscard]] virtual Served ask(const std::string& genome, const std::string& prompt, std::uint32_t tokens, Instant due) = 0;
  [[nodiscard]] virtual Result<void> warm_up(const std::string& genome) = 0;               // -> HOT
  [[nodiscard]] virtual Result<void> evict(const std::string& genome, bool to_cold) = 0;  // -> WARM or COLD
  [[nodiscard]] virtual Result<ThrashShares> thrash_shares() = 0;
};

// `pool` must outlive it.
[[nodiscard]] std::unique_ptr<LoadTarget> target_of(GenomePool& pool);

// `genepool serve` on the data directory, ended with the target. `program`: genepool itself.
[[nodiscard]] Result<std::unique_ptr<LoadTarget>> serve_target(const std::string& program, const Options& options);

}  // namespace genepool::bench

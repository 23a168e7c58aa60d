// Policy: which resident is to leave. HOT and WARM each have one. Pure: no clock, no chance of its own.
// One score per resident: the highest is kept, the minimum evicted (as GreedyDual and its kin are stated).
// Thread: the pool's strand.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"
#include "genome/genome.h"

namespace genepool {

// What a policy may know of a genome when it scores it; the pool keeps it, one update per request before a victim is chosen.
struct Usage {
  Identity identity;
  std::uint64_t last_use = 0;  // sequence number of its last request, 0 = never
  Instant last_time{};
  std::uint64_t requests = 0;
  double load_seconds = 0;     // what bringing it in cost lately
  std::uint64_t bytes = 0;     // freed when it leaves
};

class Policy {
 public:
  virtual ~Policy() = default;
  [[nodiscard]] virtual std::string_view name() const = 0;
  virtual void on_request(const Usage& usage, Instant now) = 0;
  // Higher = keep. Ties: the older last use leaves.
  [[nodiscard]] virtual double score(const Usage& usage, Instant now) const = 0;
};

[[nodiscard]] std::unique_ptr<Policy> make_lru();

// Index of the victim among `candidates` (all may be evicted); Requires: not empty.
[[nodiscard]] std::size_t choose_victim(const Policy& policy, std::span<const Usage* const> candidates, Instant now);

}  // namespace genepool

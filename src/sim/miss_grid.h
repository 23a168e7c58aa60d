// MissGrid: how many requests of each generated trace miss HOT: profile x seed x places x policy, at unit cost and size, with
// nothing else taking time: what the literature's counts and the targets are stated in. MIN and LRU are there for scale.
// Thread: made on all cores; then a constant.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "pool/events.h"
#include "trace/trace.h"

namespace genepool {

inline constexpr std::uint64_t kSeeds = 8;
inline constexpr std::uint32_t kPlaces[] = {3, 5, 10, 20};

class MissGrid {
 public:
  // `progress`: done, of all; called from any thread.
  [[nodiscard]] static MissGrid make(std::span<const PolicyKind> policies, const std::function<void(std::size_t, std::size_t)>& progress);

  [[nodiscard]] std::uint64_t misses(std::string_view profile, std::uint64_t seed, std::uint32_t places, PolicyKind policy) const;
  [[nodiscard]] std::uint64_t belady(std::string_view profile, std::uint64_t seed, std::uint32_t places) const;
  [[nodiscard]] std::uint64_t requests(std::string_view profile, std::uint64_t seed) const;

  // Mean over the seeds, per request.
  [[nodiscard]] double ratio(std::string_view profile, std::uint32_t places, PolicyKind policy) const;
  [[nodiscard]] double belady_ratio(std::string_view profile, std::uint32_t places) const;

 private:
  struct Row {  // one trace and number of places
    std::uint64_t requests = 0, belady = 0;
    std::vector<std::uint64_t> misses;  // by policy, as in policies_
  };
  [[nodiscard]] const Row& row(std::string_view profile, std::uint64_t seed, std::uint32_t places) const;
  std::vector<PolicyKind> policies_;
  std::vector<Row> rows_;
};

// Knobs of a pool where only places matter: no limit of bytes, time or waiting.
[[nodiscard]] Knobs unit_knobs(std::uint32_t places, PolicyKind policy);
// Misses of one policy at unit cost through the pool.
[[nodiscard]] std::uint64_t unit_misses(const Trace& trace, std::uint32_t places, PolicyKind policy);

}  // namespace genepool

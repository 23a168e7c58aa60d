// LiveRegret: what not knowing the future costs now: of the last thousand requests, the share that missed HOT beyond those that
// Belady's MIN would have missed in as many places (trace/belady.h). It plays the last two thousand, so that it does not begin
// with empty places what it is compared for. Below 0 where HOT had more places before.
// Thread: one at a time. Memory: 2,048 uses. Time of share(): about 0.1 ms.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "manager/dense_index.h"

namespace genepool {

class LiveRegret {
 public:
  void on_request(GenomeIndex genome, bool is_miss);
  // Nothing before 2,048 requests.
  [[nodiscard]] std::optional<double> share(std::uint32_t places) const;

 private:
  static constexpr std::size_t kPlayed = 2'048, kCompared = kPlayed / 2;
  std::deque<GenomeIndex> uses_;  // the latest last
  std::deque<bool> misses_;       // of the last kCompared
  std::uint32_t missed_ = 0;
};

}  // namespace genepool

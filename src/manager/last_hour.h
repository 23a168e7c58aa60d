// LastHour: the founding document's prediction, kept as a baseline: the genome most used in the last hour, and its share of the
// hour's requests as the confidence. Its rule was to prewarm it above .7. Memory: the hour's requests, at most 65,536 (the
// oldest go first), and 4 bytes per genome. Thread: one at a time.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "manager/dense_index.h"

namespace genepool {

class LastHour {
 public:
  static constexpr double kFoundingConfidence = 0.7;
  struct Top {
    GenomeIndex genome = 0;
    double confidence = 0;
  };

  void observe(GenomeIndex genome, Instant now);
  void forget(GenomeIndex genome);
  // Of equals the one with the lower index; nothing when the hour is empty.
  [[nodiscard]] std::optional<Top> top(Instant now);

 private:
  static constexpr std::size_t kMostRequests = 65'536;
  struct Request {
    Instant at;
    GenomeIndex genome;
  };
  void drop_before(Instant oldest);
  void drop_oldest();
  void set_count(GenomeIndex genome, std::uint32_t count);

  std::deque<Request> requests_;
  std::vector<std::uint32_t> counts_;
  std::set<std::pair<std::uint32_t, GenomeIndex>> ranks_;  // (~requests, genome): the first is the top
};

}  // namespace genepool

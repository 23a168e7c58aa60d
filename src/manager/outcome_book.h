// OutcomeBook: what became of speculative loads. A load is used when a request comes before its genome is evicted, else wasted.
//   precision  used / (used + wasted)
//   recall     used / (used + misses): of the requests that would have waited for a load, those that a prefetch had spared
// Memory: one entry per speculative load still open, at most as many as there are places; and the last 50. Thread: one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>

#include "base/clock.h"
#include "manager/dense_index.h"

namespace genepool {

class OutcomeBook {
 public:
  enum class Outcome : std::uint8_t { kOpen, kUsed, kWasted };
  struct Summary {
    std::uint64_t issued = 0, used = 0, wasted = 0, misses = 0;
    double wasted_ms = 0;                                // of loading
    std::size_t recently_issued = 0, recently_used = 0;  // of the last 50
    [[nodiscard]] double precision() const { return share(used, used + wasted); }
    [[nodiscard]] double recall() const { return share(used, used + misses); }

   private:
    [[nodiscard]] static double share(std::uint64_t part, std::uint64_t whole) {  // 0 of nothing
      return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
    }
  };

  // `load`: what it took, or is believed to take. A genome that is loaded again while its load is open was not used.
  void on_issued(GenomeIndex genome, Duration load);
  // It was not done: as if it had not been issued. Requires: nothing was issued since.
  void on_refused(GenomeIndex genome);
  // A request for the genome; `was_hot`: it had not to wait for a load. The load's outcome, when it had one open.
  std::optional<Outcome> on_request(GenomeIndex genome, bool was_hot);
  // The genome left its place, or its load failed, or its index goes to another. The load's outcome, when it had one open.
  std::optional<Outcome> on_gone(GenomeIndex genome);

  [[nodiscard]] Summary summary() const;

 private:
  static constexpr std::size_t kRecent = 50;
  struct Load {
    std::uint64_t number = 0;
    Duration load{};
  };
  void close(std::map<GenomeIndex, Load>::iterator open, Outcome outcome);

  std::map<GenomeIndex, Load> open_;
  std::deque<Outcome> recent_;  // the last issued, the latest last
  Summary summary_;
};

}  // namespace genepool

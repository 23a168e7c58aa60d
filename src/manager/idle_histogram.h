// IdleHistogram: how long genomes rest between two requests, for those that are called by a clock (Shahrad et al. 2020). 240
// bins of a minute for each genome, used only where the coefficient of variation of the bins' counts is at least 2: the rests
// are alike, so the next one can be told. A window then says when to have the genome ready: from the 5th percentile - 10 %
// to the 99th + 10 %, counted from its last request. On people's traffic this is no better than a fixed idle limit.
// Below 60 rests nothing is said: spread evenly over all bins they would pass for alike as well. Nor of who comes again within
// the first minute: that is a person's conversation, and nobody needs to have anything ready.
// Memory: 520 bytes per genome that came twice. Thread: one at a time.
#pragma once

#include <array>
#include <functional>
#include <cstdint>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "manager/dense_index.h"

namespace genepool {

class IdleHistogram {
 public:
  struct Window {
    Duration ready_after{}, keep_until{};  // since the last request
    bool operator==(const Window&) const = default;
  };

  void observe(GenomeIndex genome, Instant now);
  void forget(GenomeIndex genome);

  [[nodiscard]] std::optional<Window> window(GenomeIndex genome) const;
  // Chance that it is asked for within `horizon`, given how long it has rested; 0 where there is no window.
  [[nodiscard]] double chance_within(GenomeIndex genome, Duration horizon, Instant now) const;
  // Of those that should be ready now, because their window is open, the one whose window opened first and that is not there.
  [[nodiscard]] std::optional<GenomeIndex> first_expected(Instant now, const std::function<bool(GenomeIndex)>& is_there) const;

 private:
  static constexpr std::size_t kBins = 240;
  struct Histogram {
    std::array<std::uint16_t, kBins> bins{};
    std::uint32_t beyond = 0;  // longer rests than the bins hold
  };
  struct Genome {
    std::optional<Instant> last;
    std::uint32_t histogram = 0;  // 1 + its place in histograms_; 0 before the second request
    std::optional<Window> window;
  };
  [[nodiscard]] static std::optional<Window> window_of(const Histogram& histogram);
  void count(Genome& genome, Duration rest);
  void stop_expecting(GenomeIndex index);

  std::vector<Genome> genomes_;
  std::vector<Histogram> histograms_;
  std::vector<std::uint32_t> free_histograms_;
  std::set<std::pair<Instant, GenomeIndex>> openings_;  // of all windows that there are
};

}  // namespace genepool

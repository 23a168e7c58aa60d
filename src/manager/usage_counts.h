// UsageCounts: what the base voices count of each genome: its comings, decayed with half-lives of 10 minutes, an hour and a day,
// and never decayed; and which genome came after which. A genome is seen from its first request until it is forgotten.
// Memory: 80 bytes per genome and its successors, at most 64 (12 bytes each). Thread: one at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "manager/count_rows.h"
#include "manager/decayed_counts.h"

namespace genepool {

class UsageCounts {
 public:
  explicit UsageCounts(const GenomeLives& lives) : successors_(kSuccessors, lives) {}

  void observe(GenomeIndex genome, Instant now);
  void forget(GenomeIndex genome);

  [[nodiscard]] bool has_seen(GenomeIndex genome) const { return requests(genome) > 0; }
  [[nodiscard]] std::uint32_t seen() const { return seen_; }
  [[nodiscard]] std::optional<GenomeIndex> previous() const { return previous_; }
  [[nodiscard]] double requests_per_s(Instant now) const;  // of all genomes, the last minutes'

  // Each is a share q of a genome seen; over all those seen they add up to 1. Requires: seen() > 0.
  [[nodiscard]] double share_10m(GenomeIndex genome, Instant now) const { return recent_share(ten_minutes_, genome, now); }
  [[nodiscard]] double share_1h(GenomeIndex genome, Instant now) const { return recent_share(hour_, genome, now); }
  [[nodiscard]] double share_1d(GenomeIndex genome, Instant now) const { return recent_share(day_, genome, now); }
  [[nodiscard]] double share_ever(GenomeIndex genome) const;
  [[nodiscard]] double share_after_previous(GenomeIndex genome, Instant now) const;
  // What is believed where little was counted: half share_10m, half share_1h.
  [[nodiscard]] double fallback_share(GenomeIndex genome, Instant now) const;
  // A row of counts in which `genome` has `count` of `total`, with 5 more requests believed to be as the fallback says.
  [[nodiscard]] double share_of_row(const CountRows& rows, std::uint32_t row, GenomeIndex genome, Instant now) const;

  // The genomes with the highest share_1d, at most kLikeliest, the highest first.
  [[nodiscard]] const std::vector<GenomeIndex>& likeliest_of_day() const { return likeliest_; }
  static constexpr std::size_t kLikeliest = 14;

 private:
  static constexpr std::size_t kSuccessors = 64;

  [[nodiscard]] std::uint64_t requests(GenomeIndex genome) const { return genome < requests_.size() ? requests_[genome] : 0; }
  [[nodiscard]] double recent_share(const DecayedCounts& counts, GenomeIndex genome, Instant now) const;
  void rank(GenomeIndex genome);

  DecayedCounts ten_minutes_{std::chrono::minutes(10)}, hour_{std::chrono::hours(1)}, day_{std::chrono::hours(24)};
  std::vector<std::uint64_t> requests_;
  std::uint64_t all_requests_ = 0;
  std::uint32_t seen_ = 0;
  CountRows successors_;
  std::optional<GenomeIndex> previous_;
  std::vector<GenomeIndex> likeliest_;
};

}  // namespace genepool

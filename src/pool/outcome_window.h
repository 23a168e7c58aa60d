// OutcomeWindow: what a breaker remembers of a genome: its last 20 outcomes, those of the last 10 minutes only, and how many of
// the same kind came last in a row, however long that took (counts, not rates: most genomes are asked for rarely).
// Pure; time is handed in. Memory: fixed. Thread: one at a time.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "base/clock.h"

namespace genepool {

enum class Outcome : std::uint8_t { kGood, kSlow, kFailed };

struct OutcomeCounts {
  std::uint32_t good = 0, slow = 0, failed = 0;
  [[nodiscard]] std::uint32_t total() const { return good + slow + failed; }
  bool operator==(const OutcomeCounts&) const = default;
};

class OutcomeWindow {
 public:
  static constexpr std::size_t kMost = 20;
  static constexpr Duration kAge = std::chrono::minutes(10);

  void add(Outcome outcome, Instant now) {
    if (size_ == kMost) {
      std::ranges::move(seen_.begin() + 1, seen_.end(), seen_.begin());
      --size_;
    }
    run_ = outcome == run_of_ ? run_ + 1 : 1;
    run_of_ = outcome;
    seen_.at(size_++) = {now, outcome};
  }

  [[nodiscard]] OutcomeCounts counts(Instant now) const {
    OutcomeCounts counts;
    for (std::size_t i = 0; i < size_; ++i) {
      const auto& [at, outcome] = seen_.at(i);
      if (now - at >= kAge) continue;
      ++(outcome == Outcome::kGood ? counts.good : outcome == Outcome::kSlow ? counts.slow : counts.failed);
    }
    return counts;
  }

  // The latest outcomes that were all `outcome`.
  [[nodiscard]] std::uint32_t run(Outcome outcome) const { return run_of_ == outcome ? run_ : 0; }

  // Nothing that a later outcome could be added to: no outcome of the last 10 minutes, no bad one as the last.
  [[nodiscard]] bool is_blank(Instant now) const {
    return (run_of_ == Outcome::kGood || run_ == 0) && (size_ == 0 || now - seen_.at(size_ - 1).at >= kAge);
  }

 private:
  struct Seen {
    Instant at{};
    Outcome outcome = Outcome::kGood;
  };
  std::array<Seen, kMost> seen_{};  // the oldest first
  std::size_t size_ = 0;
  Outcome run_of_ = Outcome::kGood;
  std::uint32_t run_ = 0;
};

}  // namespace genepool

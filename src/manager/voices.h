// Voices: opinions on which genome the next request is for. Each gives every genome seen so far a share q; over all of them the
// shares add up to 1. What a genome never seen gets is no voice's own affair (escape.h). How much each is listened to: mixture.h.
//   d10m, d1h, d1d (decayed counts), all (counts ever), markov1 (what came after the previous genome), week (the hour of the week)
// Memory: as usage_counts.h; week 168 x 64 cells of 12 bytes. Thread: one at a time.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "base/clock.h"
#include "manager/usage_counts.h"

namespace genepool {

// What is known of the next request before its genome is.
struct Moment {
  Instant now{};
  std::optional<UserIndex> user = {};  // whose it is, where that is told
  std::uint32_t week_hour = 0;  // 0..167, of the wall clock; whoever hands the time in says where the week begins
};

class Voice {
 public:
  virtual ~Voice() = default;
  [[nodiscard]] virtual double share(GenomeIndex genome, const Moment& moment) const = 0;  // Requires: genome was seen
  virtual void observe(GenomeIndex, const Moment&) {}  // a request; the shared counts do not have it yet
};

// What the voices look at, not theirs.
struct VoiceSources {
  const UsageCounts* counts;
  const GenomeLives* lives;
};

// Null when there is no voice of that name.
[[nodiscard]] std::unique_ptr<Voice> make_voice(std::string_view name, const VoiceSources& sources);
[[nodiscard]] std::span<const std::string_view> base_voices();  // names

}  // namespace genepool

// UsualTimes: how long answers and loads usually take, and so which answer is slow and how long a trial may keep us waiting.
//   slow         time to first token > 3 x the median of its start tier and > 1 s, or time per token > 2.5 x the base's median and the
//                tokens together took 1 s longer than usual: less is the noise of a machine that does something else beside
//   trial limit  3 x the median (of the first token, of the load) of its start tier; at least the 1 s below which nothing is slow
// (paging note, section 5). Never the whole time: it grows with the answer. All times are without the wait for a place, which
// is not the genome's doing. Nothing is slow before enough is known of its class.
// Pure. Memory: 7 classes of 64 samples. Thread: one at a time.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"
#include "pool/events.h"
#include "pool/peer_median.h"

namespace genepool {

// An answer that came to its end.
struct Answer {
  Tier tier = Tier::kHot;    // where its genome was
  // From the grant if that was HOT, else from the start of its assembly, both without the wait; absent: not known (a lease).
  std::optional<Duration> first_token;
  std::uint32_t tokens = 0;  // after the first
  Duration decode{};         // that these took
};

class UsualTimes {
 public:
  // The numbers that make it slow, for people; "" when it is not.
  [[nodiscard]] std::string why_slow(const Identity& identity, const Answer& answer) const;

  // Call after why_slow: what is judged is not yet part of the measure.
  void learn(const Identity& identity, const Answer& answer);
  void learn_load(const Identity& identity, Tier from, Duration took);

  // nullopt: not known yet.
  [[nodiscard]] std::optional<Duration> first_token_limit(const Identity& identity, Tier tier) const;
  [[nodiscard]] std::optional<Duration> load_limit(const Identity& identity, Tier from) const;

 private:
  std::array<PeerMedian, 3> first_token_, load_;  // by tier
  PeerMedian per_token_;
};

}  // namespace genepool

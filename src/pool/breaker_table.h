// The breaker's transitions (paging note, section 5) as stories of one breaker, told by a clock of their own: what
// `genepool simulate --targets` shows as R1 and the unit test checks. Pure. Thread: any.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "pool/breaker_news.h"

namespace genepool {

// What happens to it, a letter each:
//   G S F  a good, slow or failed outcome a second later; half-open it is a trial's      s  slow, but too many others are kept out
//   w -    its wait is over | almost                t  a trial shows nothing in time     r  a trial's client leaves
//   m h    10 minutes pass | a day                  q  its file is bad                   c  its workers crash in a loop
//   o d x  an operator forces it open, disables, resets it
struct BreakerStory {
  std::string_view what, letters;
  BreakerState state = BreakerState::kClosed;  // at the end
  BreakerCause cause = BreakerCause::kNone;
  std::uint32_t times_opened = 0;
};

[[nodiscard]] std::span<const BreakerStory> breaker_stories();

// "" when it ends as it should and each wait on the way was within its bounds, else what came instead.
[[nodiscard]] std::string what_is_wrong(const BreakerStory& story);

}  // namespace genepool

#include "sim/timeline.h"

#include <algorithm>

namespace genepool {

Timeline::Timeline(const Trace& trace) : parts_(kParts) {
  if (trace.requests.empty()) return;
  began_ = from_ms(trace.requests.front().t_seconds * 1e3);
  part_ = (from_ms(trace.requests.back().t_seconds * 1e3) - began_) / static_cast<Duration::rep>(kParts);
}

std::size_t Timeline::index_of(Instant time) const {
  if (part_ <= Duration::zero() || time <= began_) return 0;
  return std::min(static_cast<std::size_t>((time - began_) / part_), kParts - 1);
}

void Timeline::on_held(std::uint64_t places, Instant from, Instant to) {
  to = std::min(to, begin_of(kParts));
  while (places > 0 && from < to) {
    const std::size_t part = index_of(from);
    const Instant until = std::min(to, begin_of(part + 1));
    parts_[part].slot_seconds += to_ms(until - from) / 1e3 * static_cast<double>(places);
    from = until;
  }
}

}  // namespace genepool

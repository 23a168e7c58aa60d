#include "sim/sizing_trial.h"

#include <algorithm>

#include "trace/stack_distance.h"

namespace genepool {
namespace {

Instant instant(double t_seconds) { return std::chrono::duration_cast<Instant>(std::chrono::duration<double>(t_seconds)); }
double seconds(Duration d) { return std::chrono::duration<double>(d).count(); }

// LRU's residents are the top of its stack, also when the number of slots changes: so a stack distance tells a hit.
class ResizedLru {
 public:
  void resize(std::uint32_t slots) {
    slots_ = slots;
    residents_ = std::min(residents_, slots);
  }
  [[nodiscard]] std::uint32_t slots() const { return slots_; }
  // Returns whether the genome at this place of the stack was resident.
  bool use(std::optional<std::size_t> place) {
    if (place && *place <= residents_) return true;
    residents_ = std::min(residents_ + 1, slots_);
    return false;
  }

 private:
  std::uint32_t slots_ = kFirstSlots, residents_ = 0;
};

}  // namespace

SlotUse slot_use(const Trace& trace, std::size_t first_request) {
  constexpr std::uint32_t kLargest = kMostTrialSlots + 1;
  SlotUse use{.misses = std::vector<std::uint64_t>(kLargest + 1)};
  StackDistance stack(kLargest);
  for (std::size_t i = 0; i < trace.requests.size(); ++i) {
    const std::uint32_t place = stack.use(trace.requests[i].genome).value_or(kLargest + 1);
    if (i < first_request) continue;
    for (std::uint32_t slots = 0; slots < place; ++slots) ++use.misses[slots];
  }
  use.seconds = trace.requests.back().t_seconds - (first_request == 0 ? 0 : trace.requests[first_request].t_seconds);
  return use;
}

double price_for(const SlotUse& use, std::uint32_t slots) {
  return static_cast<double>(use.misses[slots - 1] - use.misses[slots + 1]) / 2 / use.seconds;
}

FixedSize best_fixed(const SlotUse& use, double price) {
  FixedSize best;
  for (std::uint32_t slots = 1; slots <= kMostTrialSlots; ++slots) {
    const double cost = static_cast<double>(use.misses[slots]) + price * slots * use.seconds;
    if (best.slots == 0 || cost < best.cost) best = {slots, cost};
  }
  return best;
}

SizingTrial try_sizing(const Trace& trace, double price, SizeBounds bounds) {
  SizingTrial trial;
  LruCurve curve(LruCurve::kHotSlots);
  SizingLaw law(bounds, Instant{});
  ResizedLru cache;
  Instant window_end = SizingLaw::kWindow;
  for (std::size_t i = 0; i < trace.requests.size(); ++i) {
    const Instant now = instant(trace.requests[i].t_seconds);
    for (; window_end <= now; window_end += SizingLaw::kWindow) {
      trial.cost += price * cache.slots() * seconds(SizingLaw::kWindow);
      const auto decision = law.update(curve, cache.slots(), {price, price}, true, window_end);
      if (!decision || decision->to == decision->from) continue;
      cache.resize(decision->to);
      trial.changes.push_back({seconds(window_end), i, decision->to});
    }
    if (!cache.use(curve.observe(trace.requests[i].genome, 1, now))) ++trial.misses;
  }
  trial.seconds = trace.requests.back().t_seconds;
  trial.cost += price * cache.slots() * (trial.seconds - seconds(window_end - SizingLaw::kWindow));
  trial.cost += static_cast<double>(trial.misses);
  return trial;
}

double SizingTrial::reversals_per_hour() const {
  double reversals = 0;
  std::uint32_t slots = kFirstSlots;
  int direction = 0;
  for (const Change& change : changes) {
    const int next = change.slots > slots ? 1 : -1;
    if (next == -direction) ++reversals;
    direction = next;
    slots = change.slots;
  }
  return reversals / (seconds / 3600);
}

Arrival arrival(const Trace& trace, const SizingTrial& trial, std::size_t step, std::uint32_t best) {
  const double began = trace.requests[step].t_seconds;
  const auto is_near = [&](std::uint32_t slots) { return slots + 1 >= best && slots <= best + 1; };
  std::uint32_t slots = kFirstSlots;
  for (const SizingTrial::Change& change : trial.changes) {
    const bool is_later = change.request > step;
    if (is_later && is_near(slots)) break;
    slots = change.slots;
    if (is_later && is_near(slots)) {
      return {true, (change.t_seconds - began) / 60, static_cast<double>(change.request - step)};
    }
  }
  return {.has_arrived = is_near(slots)};  // it was there already
}

}  // namespace genepool

#include "sim/sizing_trial.h"

#include <algorithm>
#include <utility>

#include "manager/founding_rules.h"
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

// Plays the trace: `use` is told each request's genome and time, and gives its place in the stack; `next_size` is asked at the
// end of each window, with what the cache is and whether a request of the window has missed.
template <class Use, class NextSize>
SizingTrial play(const Trace& trace, double price, Use use, NextSize next_size) {
  SizingTrial trial;
  ResizedLru cache;
  Instant window_end = SizingLaw::kWindow;
  bool has_missed = false;
  for (std::size_t i = 0; i < trace.requests.size(); ++i) {
    const Instant now = instant(trace.requests[i].t_seconds);
    for (; window_end <= now; window_end += SizingLaw::kWindow) {
      trial.cost += price * cache.slots() * seconds(SizingLaw::kWindow);
      const std::uint32_t slots = next_size(cache.slots(), std::exchange(has_missed, false), window_end);
      if (slots == cache.slots()) continue;
      cache.resize(slots);
      trial.changes.push_back({seconds(window_end), i, slots});
    }
    if (cache.use(use(trace.requests[i].genome, now))) continue;
    ++trial.misses;
    has_missed = true;
  }
  trial.seconds = trace.requests.back().t_seconds;
  trial.cost += price * cache.slots() * (trial.seconds - seconds(window_end - SizingLaw::kWindow));
  trial.cost += static_cast<double>(trial.misses);
  return trial;
}

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
  LruCurve curve(LruCurve::kHotSlots);
  SizingLaw law(bounds, Instant{});
  const auto use = [&](std::uint32_t genome, Instant now) { return curve.observe(genome, 1, now); };
  const auto next_size = [&](std::uint32_t slots, bool, Instant now) {
    const auto decision = law.update(curve, slots, {price, price}, true, now);
    return decision ? decision->to : slots;
  };
  return play(trace, price, use, next_size);
}

SizingTrial try_founding(const Trace& trace, double price) {
  LruCurve curve(LruCurve::kHotSlots);
  FoundingRules rules(Instant{});
  const auto use = [&](std::uint32_t genome, Instant now) { return curve.observe(genome, 1, now); };
  const auto next_size = [&](std::uint32_t slots, bool has_missed, Instant now) {
    const auto advice = rules.update({.thrash_ratio = has_missed ? 1.0 : 0.0}, {.max_hot = slots}, now);
    return advice ? advice->sizes.max_hot : slots;
  };
  return play(trace, price, use, next_size);
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

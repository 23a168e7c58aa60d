#include "manager/sizing_law.h"

#include <fmt/core.h>

#include <algorithm>

namespace genepool {
namespace {

constexpr double kGrowAbove = 1.1, kShrinkBelow = 0.9;  // x price
constexpr std::uint32_t kGrowWindows = 3, kShrinkWindows = 5;
constexpr double kSecondsPerHour = 3600;

// What each slot more would save: of the next two, or of as many as save the most on average. Genomes asked for in turn save
// nothing until all of them have a place, and then everything.
double gain_of_more(const LruCurve& curve, std::uint32_t size, std::uint32_t most, Instant now) {
  double sum = curve.gain_between(size, size + 2, now), best = sum / 2;
  for (std::uint32_t last = size + 3; last <= most; ++last) {
    sum += curve.gain(last, now);
    best = std::max(best, sum / (last - size));
  }
  return best;
}

SizingDecision measure(const LruCurve& curve, std::uint32_t size, std::uint32_t most, SlotPrice price, Instant now) {
  SizingDecision window{.at = now, .from = size, .to = size, .price = price};
  window.up = gain_of_more(curve, size, most, now);
  window.last = size == 0 ? 0 : curve.gain(size, now);
  window.grow_value = (window.up - price.one_more) * kSecondsPerHour;
  window.shrink_value = (price.last - window.last) * kSecondsPerHour;
  return window;
}

}  // namespace

std::optional<SizingDecision> SizingLaw::update(const LruCurve& curve, std::uint32_t size, SlotPrice price, bool may_grow,
                                                Instant now) {
  if (now - window_began_ < kWindow) return std::nullopt;
  window_began_ = now;
  SizingDecision decision = measure(curve, size, bounds_.most, price, now);
  count_votes(decision);
  decision.grow_windows = grow_windows_;
  decision.shrink_windows = shrink_windows_;
  choose(decision, may_grow);
  if (decision.to != size) grow_windows_ = shrink_windows_ = 0;
  size_ = decision.to;
  return decision;
}

void SizingLaw::count_votes(const SizingDecision& window) {
  if (window.from != size_) grow_windows_ = shrink_windows_ = 0;
  grow_windows_ = window.up > kGrowAbove * window.price.one_more ? grow_windows_ + 1 : 0;
  shrink_windows_ = window.last < kShrinkBelow * window.price.last ? shrink_windows_ + 1 : 0;
}

void SizingLaw::choose(SizingDecision& decision, bool may_grow) {
  if (grow_windows_ >= kGrowWindows && decision.from < bounds_.most) {
    decision.is_held_back = !may_grow;
    if (may_grow) ++decision.to;
  } else if (shrink_windows_ >= kShrinkWindows && decision.from > bounds_.least) {
    --decision.to;
  }
}

std::string sizing_text(const SizingDecision& decision) {
  const std::string inputs = fmt::format(
      "one more slot would save {:.4g} s/s at a price of {:.4g}, the last one saves {:.4g} at {:.4g}; windows in a row: "
      "{} to grow, {} to shrink",
      decision.up, decision.price.one_more, decision.last, decision.price.last, decision.grow_windows, decision.shrink_windows);
  if (decision.is_held_back) return fmt::format("{} slots, held back from {}: {}", decision.from, decision.from + 1, inputs);
  if (decision.to == decision.from) return fmt::format("{} slots stay: {}", decision.from, inputs);
  return fmt::format("{} -> {} slots: {}; expected {:+.3g} s of load an hour", decision.from, decision.to, inputs,
                     decision.value());
}

}  // namespace genepool

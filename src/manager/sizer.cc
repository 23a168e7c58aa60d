#include "manager/sizer.h"

#include <fmt/core.h>

#include <algorithm>

namespace genepool {
namespace {

constexpr Duration kOutcomeAfter = std::chrono::hours(1);
constexpr std::uint64_t kMostWarm = 100'000;  // as params.def
constexpr std::string_view kMaxHot = "pool.max_hot", kWarmGenomes = "warm.max_genomes", kWarmBytes = "warm.bytes";

// WARM's curve looks as far as genomes could be in memory.
std::size_t curve_places(const Knobs& knobs) { return std::clamp<std::size_t>(knobs.max_hot + knobs.warm_max_genomes, LruCurve::kHotSlots, 1024); }

double to_seconds(Duration duration) { return to_ms(duration) / 1e3; }

Decision size_decision(std::string_view setting, std::uint64_t from, std::uint64_t to, std::string reason) {
  Decision d;
  d.kind = DecisionKind::kSize;
  d.subject = setting;
  d.action = fmt::format("{} {} -> {}", setting, from, to);
  d.reason = std::move(reason);
  d.unit = "s of load an hour";
  return d;
}

}  // namespace

Sizer::Sizer(const ManagerSettings& settings, const Knobs& knobs, Instant now)
    : settings_(settings),
      knobs_(knobs),
      warm_curve_(curve_places(knobs)),
      law_(settings.hot_places, now),
      founding_(now) {}

void Sizer::configure(const ManagerSettings& settings, const Knobs& knobs, Instant now) {
  if (settings.hot_places != settings_.hot_places) law_ = SizingLaw(settings.hot_places, now);
  settings_ = settings;
  knobs_ = knobs;
}

void Sizer::on_request(const Usage& usage, Instant now) {
  requests_ = std::min(requests_ + 1, kFewestRequests);
  slot_bytes_ = std::max(slot_bytes_, usage.hot.bytes);
  page_bytes_ = std::max(page_bytes_, usage.warm.bytes);
  const auto place = hot_curve_.observe(usage.index, usage.hot.seconds, now);
  (void)warm_curve_.observe(usage.index, usage.warm.seconds, now);
  if (watched_ && place == watched_->slot) watched_->saved_s += watched_->is_grown ? usage.hot.seconds : -usage.hot.seconds;
}

std::vector<SizeChange> Sizer::on_status(const StatusSeen& status, Instant now) {
  const BrakeVerdict before = verdict_;
  verdict_ = brakes_.update(status.pressure, {.size = knobs_.max_hot, .largest_worker_bytes = status.largest_worker_bytes}, now);
  std::vector<SizeChange> changes;
  const auto add = [&](std::optional<SizeChange> change) {
    if (change) changes.push_back(std::move(*change));
  };
  const bool is_news = verdict_.may_grow != before.may_grow || verdict_.may_speculate != before.may_speculate;
  const SizeChange braked = by_brakes();
  if (is_news || !braked.settings.empty()) changes.push_back(braked);
  if (!braked.settings.empty()) return changes;  // the law has not seen that size yet
  if (settings_.sizing == SizingRule::kLaw && settings_.may_size_hot) add(by_law(now));
  if (settings_.sizing == SizingRule::kFounding) add(by_founding_rules(status, now));
  return changes;
}

MemoryBudget Sizer::budget() const {
  return {.bytes = settings_.memory_bytes, .slot_bytes = std::max<std::uint64_t>(slot_bytes_, 1), .page_bytes = std::max<std::uint64_t>(page_bytes_, 1)};
}

std::optional<SizeChange> Sizer::by_law(Instant now) {
  if (requests_ < kFewestRequests) return std::nullopt;
  const MemoryBudget memory = budget();
  const SlotPrice price = settings_.may_size_warm ? price_in_budget(memory, knobs_.max_hot, warm_curve_, settings_.prices, now)
                                                  : SlotPrice{cost_per_second(memory.slot_bytes, settings_.prices), cost_per_second(memory.slot_bytes, settings_.prices)};
  const bool has_room = (knobs_.max_hot + 1ULL) * memory.slot_bytes <= settings_.memory_bytes;
  const auto window = law_.update(hot_curve_, knobs_.max_hot, price, verdict_.may_grow && has_room, now);
  if (!window || window->to == window->from) return std::nullopt;
  SizeChange change{{{kMaxHot, window->to}}, size_decision(kMaxHot, window->from, window->to, sizing_text(*window)), {}};
  change.decision.inputs = {{"up", window->up, "s/s"},
                            {"last", window->last, "s/s"},
                            {"price of one more", window->price.one_more, "s/s"},
                            {"price of the last", window->price.last, "s/s"},
                            {"windows to grow", static_cast<double>(window->grow_windows), ""},
                            {"windows to shrink", static_cast<double>(window->shrink_windows), ""}};
  change.decision.alternatives = {{"stay", 0, ""}, {"grow", window->grow_value, ""}, {"shrink", window->shrink_value, ""}};
  change.decision.expected = window->value();
  if (settings_.may_size_warm) {
    const RamSplit split = split_ram(memory, window->to);
    change.settings.push_back({kWarmBytes, std::max<std::uint64_t>(split.warm_bytes, 1)});
    change.settings.push_back({kWarmGenomes, std::clamp<std::uint64_t>(split.warm_bytes / memory.page_bytes, 1, kMostWarm)});
  }
  change.window = *window;
  return change;
}

std::optional<SizeChange> Sizer::by_founding_rules(const StatusSeen& status, Instant now) {
  const FoundingSizes sizes{knobs_.max_hot, knobs_.warm_max_genomes};
  auto advice = founding_.update({status.thrash_ratio, status.layer_hit_rate}, sizes, now);
  if (!advice) return std::nullopt;
  SizeChange change{{}, {}, std::move(advice->log)};
  std::string what;
  const auto set = [&](bool may, std::string_view name, std::uint32_t from, std::uint32_t to) {
    if (!may || from == to) return;
    change.settings.push_back({name, to});
    what += fmt::format("{}{} {} -> {}", what.empty() ? "" : ", ", name, from, to);
  };
  set(settings_.may_size_hot, kMaxHot, sizes.max_hot, advice->sizes.max_hot);
  set(settings_.may_size_warm, kWarmGenomes, sizes.warm_max_genomes, advice->sizes.warm_max_genomes);
  if (change.settings.empty()) return change.lines.empty() ? std::nullopt : std::optional(std::move(change));
  change.decision.kind = DecisionKind::kSize;
  change.decision.subject = change.settings.front().name;
  change.decision.action = what;
  change.decision.reason = "the founding document's rules";
  change.decision.inputs = {{"thrash ratio", status.thrash_ratio, ""}};
  if (status.layer_hit_rate) change.decision.inputs.push_back({"hit rate", *status.layer_hit_rate, ""});
  return change;
}

// What is shed is told by the size: the pool evicts whoever is worth least. One slot at a time comes back by the law.
SizeChange Sizer::by_brakes() const {
  SizeChange change;
  change.decision.kind = DecisionKind::kBrake;
  change.decision.subject = "memory";
  change.decision.action = verdict_.may_grow ? verdict_.may_speculate ? "growth and guesses are allowed again" : "no guesses" : "no growth, no guesses";
  change.decision.reason = verdict_.reason.empty() ? "memory is free again" : verdict_.reason;
  std::optional<std::uint32_t> size = verdict_.new_size;
  if (!size && verdict_.shed == Shed::kHalfOfSpare) size = std::min(knobs_.max_hot, std::max(settings_.hot_places.least, (knobs_.max_hot + 1) / 2));
  const bool may_size = settings_.may_size_hot && settings_.sizing != SizingRule::kFixed;
  if (!may_size || !size || *size == knobs_.max_hot) return change;
  change.settings.push_back({kMaxHot, *size});
  change.decision.action = fmt::format("{} {} -> {}", kMaxHot, knobs_.max_hot, *size);
  return change;
}

void Sizer::on_changed(const SizingDecision& decision, Instant now) {
  const bool is_grown = decision.to > decision.from;
  watched_ = Watched{.slot = is_grown ? decision.to : decision.from,
                     .is_grown = is_grown,
                     .price = is_grown ? decision.price.one_more : -decision.price.last,
                     .since = now};
}

std::optional<Sizer::Outcome> Sizer::take_outcome(bool is_replaced, Instant now) {
  if (!watched_ || (!is_replaced && now - watched_->since < kOutcomeAfter)) return std::nullopt;
  const Duration over = now - watched_->since;
  const Outcome outcome{watched_->saved_s - watched_->price * to_seconds(over), over};
  watched_.reset();
  return outcome;
}

}  // namespace genepool

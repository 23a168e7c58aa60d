#include "sim/faults.h"

#include <algorithm>
#include <iterator>

namespace genepool {
namespace {

constexpr Duration kWatchedBefore = std::chrono::minutes(1), kWatchedAfter = std::chrono::minutes(10);  // what the brakes hold longest

bool is_memory(FaultKind kind) { return kind == FaultKind::kMemorySome || kind == FaultKind::kMemoryFull || kind == FaultKind::kMemoryFree; }

bool is_of(const Fault& fault, FaultKind kind, std::uint32_t genome) { return fault.kind == kind && fault.genome.value_or(genome) == genome; }

}  // namespace

Faults::Faults(std::span<const Fault> script, Instant began, std::uint64_t seed) : script_(script), began_(began), random_(seed), read_at_(began) {
  std::ranges::copy_if(script, std::back_inserter(kills_), [](const Fault& fault) { return fault.kind == FaultKind::kWorkersKilled; });
  std::ranges::stable_sort(kills_, {}, &Fault::from);
  std::ranges::reverse(kills_);
}

bool Faults::holds(const Fault& fault, Instant now) const {
  const Duration since = now - began_;
  return fault.from <= since && since < fault.to;
}

bool Faults::happens(FaultKind kind, std::uint32_t genome, Instant now) {
  bool is_hit = false;
  for (const Fault& fault : script_) {
    if (is_of(fault, kind, genome) && holds(fault, now)) is_hit = random_.uniform() < fault.amount || is_hit;
  }
  return is_hit;
}

std::optional<double> Faults::crash_of(std::uint32_t genome, Instant now) {
  return happens(FaultKind::kWorkersCrash, genome, now) ? std::optional(random_.uniform()) : std::nullopt;
}

double Faults::slowness(std::uint32_t genome, Instant now) const {
  double times = 1;
  for (const Fault& fault : script_) {
    if (is_of(fault, FaultKind::kAnswersSlow, genome) && holds(fault, now)) times *= fault.amount;
  }
  return times;
}

Instant Faults::next_kill() const { return kills_.empty() ? Instant::max() : began_ + kills_.back().from; }

std::optional<std::uint32_t> Faults::take_kill() {
  const std::optional<std::uint32_t> genome = kills_.back().genome;
  kills_.pop_back();
  return genome;
}

MemoryPressure Faults::pressure(Instant now) {
  double some = 0, full = 0;
  MemoryPressure pressure;
  for (const Fault& fault : script_) {
    if (!holds(fault, now)) continue;
    if (fault.kind == FaultKind::kMemorySome) some = std::max(some, fault.amount);
    if (fault.kind == FaultKind::kMemoryFull) full = std::max(full, fault.amount);
    if (fault.kind != FaultKind::kMemoryFree) continue;
    const auto free = static_cast<std::uint64_t>(fault.amount);
    pressure.available_bytes = std::min(free, pressure.available_bytes.value_or(free));
  }
  some = std::max(some, full);  // when all wait, some do
  const double elapsed_us = to_ms(now - read_at_) * 1e3;
  some_us_ += some * elapsed_us;
  full_us_ += full * elapsed_us;
  read_at_ = now;
  pressure.stalls = MemoryStalls{{100 * some, static_cast<std::uint64_t>(some_us_)}, {100 * full, static_cast<std::uint64_t>(full_us_)}};
  return pressure;
}

bool Faults::is_memory_watched(Instant now) const {
  return std::ranges::any_of(script_, [&](const Fault& fault) {
    if (!is_memory(fault.kind)) return false;
    const Instant from = began_ + fault.from - kWatchedBefore;
    return from <= now && (fault.to == Duration::max() || now < began_ + fault.to + kWatchedAfter);
  });
}

}  // namespace genepool

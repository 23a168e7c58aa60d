#include "manager/brakes.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace genepool {
namespace {

constexpr Duration kStallWindow = std::chrono::seconds(2);
constexpr double kSomeLimitMs = 150, kFullLimitMs = 100;
constexpr double kSpeculationAvg10 = 5;  // %
constexpr double kFreeShare = 1.2;       // of the largest worker
constexpr Duration kHoldAfterSome = std::chrono::seconds(60), kHoldAfterFull = std::chrono::minutes(5),
                   kHoldAfterKill = std::chrono::minutes(10);
constexpr Duration kGoodAfter = std::chrono::minutes(1);

double megabytes(double bytes) { return bytes / 1e6; }

// Why free memory forbids growth; empty when it does not.
std::string want_of_memory(const MemoryPressure& pressure, std::uint64_t largest_worker_bytes) {
  const double wanted = kFreeShare * static_cast<double>(largest_worker_bytes);
  if (!pressure.available_bytes || static_cast<double>(*pressure.available_bytes) >= wanted) return "";
  return fmt::format("{:.0f} MB of memory are free, 1.2 x the largest worker is {:.0f} MB",
                     megabytes(static_cast<double>(*pressure.available_bytes)), megabytes(wanted));
}

}  // namespace

std::optional<double> Brakes::StallMeter::exceeded(std::uint64_t total_us, double limit_ms, Instant now) {
  if (!began_ || total_us < total_us_) {  // the first reading, or another group's
    began_ = now;
    total_us_ = total_us;
    return std::nullopt;
  }
  const double stall_ms = static_cast<double>(total_us - total_us_) / 1000;
  const double windows = std::max(1.0, to_ms(now - *began_) / to_ms(kStallWindow));
  const bool is_exceeded = stall_ms >= limit_ms * windows;
  if (is_exceeded || now - *began_ >= kStallWindow) {
    began_ = now;
    total_us_ = total_us;
  }
  return is_exceeded ? std::optional(stall_ms) : std::nullopt;
}

BrakeVerdict Brakes::update(const MemoryPressure& pressure, const Pool& pool, Instant now) {
  BrakeVerdict verdict;
  if (hold_until_ && now >= *hold_until_) hold_until_.reset();
  watch_size(pool.size, now);
  if (pressure.stalls) watch_stalls(*pressure.stalls, verdict, now);
  if (pressure.events) watch_events(*pressure.events, verdict, now);

  const std::string want = want_of_memory(pressure, pool.largest_worker_bytes);
  verdict.may_grow = !hold_until_ && want.empty();
  verdict.may_speculate = verdict.may_grow;
  verdict.no_growth_until = hold_until_;
  verdict.reason = hold_until_ ? hold_reason_ : want;
  if (verdict.may_grow && pressure.stalls && pressure.stalls->some.avg10 > kSpeculationAvg10) {
    verdict.may_speculate = false;
    verdict.reason = fmt::format("tasks waited for memory {:.1f} % of the last 10 s", pressure.stalls->some.avg10);
  }
  if (!pressure.missing.empty()) {
    const bool has_signals = pressure.stalls || pressure.events;
    verdict.blind_to = has_signals ? pressure.missing : "free memory is the only brake: " + pressure.missing;
  }
  return verdict;
}

void Brakes::watch_size(std::uint32_t size, Instant now) {
  if (size != size_) {
    size_ = size;
    size_since_ = now;
  } else if (now - size_since_ >= kGoodAfter) {
    good_size_ = size;
  }
}

void Brakes::watch_stalls(const MemoryStalls& stalls, BrakeVerdict& verdict, Instant now) {
  if (const auto stall_ms = some_.exceeded(stalls.some.total_us, kSomeLimitMs, now)) {
    verdict.shed = Shed::kSpeculative;
    hold(kHoldAfterSome, fmt::format("tasks waited for memory {:.0f} ms within 2 s", *stall_ms), now);
  }
  if (const auto stall_ms = full_.exceeded(stalls.full.total_us, kFullLimitMs, now)) {
    verdict.shed = Shed::kHalfOfSpare;
    hold(kHoldAfterFull, fmt::format("all tasks waited for memory {:.0f} ms within 2 s", *stall_ms), now);
  }
}

void Brakes::watch_events(const MemoryEvents& events, BrakeVerdict& verdict, Instant now) {
  const MemoryEvents before = events_.value_or(events);
  events_ = events;
  if (events.high > before.high) {
    verdict.shed = Shed::kHalfOfSpare;
    hold(kHoldAfterFull, "the cgroup was over its memory.high", now);
  }
  if (events.oom_kill > before.oom_kill) step_back(verdict, now);
}

void Brakes::step_back(BrakeVerdict& verdict, Instant now) {
  const std::uint32_t good = std::min(size_, good_size_.value_or(size_));
  verdict.new_size = std::max(1U, good - std::min(good, 1U));
  good_size_ = verdict.new_size;
  hold(kHoldAfterKill, fmt::format("a process was killed for want of memory with {} slots", size_), now);
}

// What holds longest is the reason.
void Brakes::hold(Duration time, std::string reason, Instant now) {
  if (hold_until_ && *hold_until_ > now + time) return;
  hold_until_ = now + time;
  hold_reason_ = std::move(reason);
}

}  // namespace genepool

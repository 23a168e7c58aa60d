// Faults: a fault script at work in virtual time: asked at each load, start and answer whether it goes wrong. Chance is its own
// and seeded, so that faults which do not happen leave a simulation as it was.
// Thread: one at a time. Memory: that of the script. Time of a question: a scan of the script.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/memory_pressure.h"
#include "base/random.h"
#include "sim/fault_script.h"

namespace genepool {

// What went wrong because of a script.
struct FaultCounts {
  std::uint64_t loads_failed = 0, starts_failed = 0, slow_answers = 0, workers_died = 0;
  bool operator==(const FaultCounts&) const = default;
};

class Faults {
 public:
  // `script` must outlive it; `began` is when its time begins.
  Faults(std::span<const Fault> script, Instant began, std::uint64_t seed);

  // Each draws where a share is given.
  [[nodiscard]] bool fails_load(std::uint32_t genome, Instant now) { return happens(FaultKind::kLoadsFail, genome, now); }
  [[nodiscard]] bool fails_start(std::uint32_t genome, Instant now) { return happens(FaultKind::kStartsFail, genome, now); }
  // An answer that begins now kills its worker: when, as a share of its work.
  [[nodiscard]] std::optional<double> crash_of(std::uint32_t genome, Instant now);
  // How many times the usual work an answer takes that begins now.
  [[nodiscard]] double slowness(std::uint32_t genome, Instant now) const;

  // The next time that workers are killed, max() = never; then whose.
  [[nodiscard]] Instant next_kill() const;
  [[nodiscard]] std::optional<std::uint32_t> take_kill();  // nullopt = everybody's. Requires: next_kill() < max()

  // To be read in the order of time, as often as the brakes are where is_memory_watched().
  [[nodiscard]] MemoryPressure pressure(Instant now);
  // Memory is short, soon will be, or was a short time ago: watch it as often as a server does.
  [[nodiscard]] bool is_memory_watched(Instant now) const;

 private:
  [[nodiscard]] bool holds(const Fault& fault, Instant now) const;
  [[nodiscard]] bool happens(FaultKind kind, std::uint32_t genome, Instant now);

  std::span<const Fault> script_;
  Instant began_;
  Random random_;
  std::vector<Fault> kills_;  // the next one last
  Instant read_at_{};
  double some_us_ = 0, full_us_ = 0;  // stalled so far
};

}  // namespace genepool

// ThrashDetector: more time spent assembling than inferring? Two signals of the founding document:
//   per request   layer load + layer stack > inference                      -> on_request() returns true
//   last minute   mean assembly of page-ins > ratio x mean inference        -> state() with hysteresis
// The alarm rises when the windowed ratio exceeds `ratio` with at least `min_assemblies` page-ins in the window, and falls
// when it has stayed below `fall_share` x ratio for `calm`, so that it does not flap.
// Pure; time is handed in. Memory: bounded by `max_samples`. Thread: one at a time.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "base/clock.h"

namespace genepool {

struct ThrashOptions {
  double ratio = 0.5;
  Duration window = std::chrono::seconds(60);
  std::uint32_t min_assemblies = 3;
  double fall_share = 0.8;
  Duration calm = std::chrono::seconds(10);
  std::size_t max_samples = 4096;
};

struct ThrashState {
  bool is_thrashing = false;
  double ratio = 0;               // windowed; 0 without samples
  double mean_assembly_ms = 0, mean_inference_ms = 0;
  std::uint64_t assemblies = 0, inferences = 0;  // in the window
};

class ThrashDetector {
 public:
  explicit ThrashDetector(const ThrashOptions& options) : options_(options) {}

  // Changes `ratio` and the rest from the next update on; what was seen is kept.
  void configure(const ThrashOptions& options) { options_ = options; }

  // One finished request: its assembly (0 for a HOT hit: not an assembly) and its inference. True: this request alone spent
  // longer on assembly than on inference.
  [[nodiscard]] bool on_request(Duration assembly, Duration inference, Instant now);

  // Returns the new alarm state when it has just changed; call after on_request and at least every few seconds.
  [[nodiscard]] std::optional<bool> update(Instant now);
  [[nodiscard]] ThrashState state() const { return state_; }

 private:
  struct Sample {
    Instant at;
    double ms;
  };
  ThrashOptions options_;
  std::deque<Sample> assemblies_, inferences_;
  ThrashState state_;
  std::optional<Instant> calm_since_;
};

}  // namespace genepool

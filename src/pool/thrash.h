// ThrashDetector: more time spent assembling than inferring? The founding document's two signals, which raise the alarm:
//   per request   layer load + layer stack > inference                      -> on_request() returns true
//   last minute   mean assembly of page-ins > ratio x mean inference        -> state() with hysteresis
// and two that say what the first cannot, as they are no means per assembly:
//   share         seconds of assembly / seconds of inference, over all requests of the window
//   refault share page-ins that twice the places would have spared / page-ins: the genome was among the last k evicted ones
// causes() says which stage and which genomes the time of the window went to.
// The alarm rises when the windowed ratio exceeds `ratio` with at least `min_assemblies` page-ins in the window, and falls
// when it has stayed below `fall_share` x ratio for `calm`, so that it does not flap.
// Pure; time is handed in. Memory: bounded by `max_samples`. Thread: one at a time.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

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
  double share = 0;               // windowed; 0 without samples
  double refault_share = 0;       // windowed; 0 without page-ins
  std::uint64_t assemblies = 0, inferences = 0, page_ins = 0;  // in the window
};

struct AssemblyCost {
  Duration load{}, stack{}, spawn{};
  // What the founding document calls assembly: its limits and the alarm compare it with inference.
  [[nodiscard]] Duration assembly() const { return load + stack; }
  [[nodiscard]] Duration all() const { return load + stack + spawn; }
};

struct ThrashCauses {  // of the window
  struct Genome {
    std::string name;
    std::uint64_t page_ins = 0;
    double ms = 0;
  };
  double load_ms = 0, stack_ms = 0, spawn_ms = 0;
  std::vector<Genome> genomes;  // the costliest first, at most kMostGenomes
  static constexpr std::size_t kMostGenomes = 5;
};

class ThrashDetector {
 public:
  explicit ThrashDetector(const ThrashOptions& options) : options_(options) {}

  // Changes `ratio` and the rest from the next update on; what was seen is kept.
  void configure(const ThrashOptions& options) { options_ = options; }

  // One finished request: the assembly it waited for (zero for a HOT hit, and for who joined it: not an assembly) and its
  // inference. True: this request alone spent longer on assembly than on inference.
  [[nodiscard]] bool on_request(const std::string& genome, const AssemblyCost& cost, Duration inference, Instant now);

  // A genome lost its place to another one; `places`: how many there are.
  void on_evicted(const std::string& genome, std::size_t places);
  // A request needed its genome brought in. True: it was among the last evicted ones.
  bool on_page_in(const std::string& genome, Instant now);

  // Returns the new alarm state when it has just changed; call after on_request and at least every few seconds.
  [[nodiscard]] std::optional<bool> update(Instant now);
  [[nodiscard]] ThrashState state() const { return state_; }
  [[nodiscard]] ThrashCauses causes() const;  // as of the last update

 private:
  struct Assembled {
    Instant at;
    std::string genome;
    AssemblyCost cost;
  };
  struct Inferred {
    Instant at;
    Duration took;
  };
  struct PageIn {
    Instant at;
    bool is_refault;
  };
  ThrashOptions options_;
  std::deque<Assembled> assemblies_;
  std::deque<Inferred> inferences_;
  std::deque<PageIn> page_ins_;
  std::deque<std::string> ghosts_;  // the last evicted ones, the latest first
  ThrashState state_;
  std::optional<Instant> calm_since_;
};

}  // namespace genepool

// A trace through the server's own deciders in virtual time: PoolCore decides, what a runtime would do takes the time that a
// CostModel says. Same trace, options and seed: same result, byte for byte. Thread: one at a time. Memory: what is known of
// the genomes, and requests in flight.
// Use:   const SimulationResult r = simulate(trace, {.knobs = knobs, .costs = costs.get(), .seed = 1});
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "manager/manager.h"
#include "pool/breaker_news.h"
#include "pool/pool_core.h"
#include "sim/cost_model.h"
#include "sim/faults.h"
#include "sim/quantiles.h"
#include "sim/timeline.h"
#include "trace/trace.h"

namespace genepool {

struct SimulatedAnswer {  // a request that was answered to its end
  std::uint32_t genome = 0;
  Instant arrived{}, granted{}, first_token{}, ended{};
};

struct SimulationOptions {
  static constexpr std::size_t kProgress = 10'000;
  Knobs knobs;
  ManagerSettings manager{.mode = ManagerMode::kOff};
  const CostModel* costs = nullptr;
  std::uint64_t seed = 1;
  Duration hint_ahead{};                          // sessions are announced so early, by name; 0 = never
  Duration patience = std::chrono::seconds(120);  // a request's deadline
  std::uint64_t default_bytes = 10 << 20;         // of a genome whose trace does not say
  std::uint32_t default_prompt = 64, default_output = 64;  // tokens
  std::span<const Fault> faults;                            // what goes wrong
  std::function<void(const SimulatedAnswer&)> on_answer;    // if anyone wants to know
  std::function<void()> on_progress;                        // kProgress requests more have come; from the simulation's thread
};

struct BreakerMove {
  double t_seconds = 0;  // since the first arrival
  std::string genome;    // its name
  BreakerChanged change;
};

struct SimulationResult {
  static constexpr std::uint64_t kBlock = 100;
  static constexpr std::size_t kMostMoves = 1000;
  std::uint64_t requests = 0, answered = 0, refused = 0;
  std::array<std::uint64_t, 3> by_tier{};  // of granted requests, by Tier: where the genome was when they came
  std::map<std::string, std::uint64_t> refusals;  // by error code
  std::map<std::string, std::uint64_t> kills;     // by reason
  std::vector<std::uint32_t> block_misses; // of each kBlock requests in the order they came
  std::uint64_t loads = 0;                 // genomes brought to HOT
  double load_seconds = 0;                 // what that took
  double slot_seconds = 0, gb_seconds = 0; // HOT genomes and their bytes x time
  double seconds = 0;                      // from the first arrival to the end
  Quantiles grant, first_token, total;     // from arrival
  Timeline timeline{Trace{}};
  PolicyStatus hot_policy, warm_policy;    // at the end
  std::uint64_t events = 0;                // that the pool was fed
  FaultCounts faults;
  std::map<std::string, std::uint64_t> shut;  // breakers that opened or went into quarantine, by "open: slowness"
  std::deque<BreakerMove> breaker_moves;      // the last kMostMoves
  std::uint64_t kept_out = 0;                 // of the refused: by their genome's breaker
  std::uint64_t refused_hints = 0;
  ManagerStatus manager;                   // at the end
  std::deque<Decision> decisions;          // the last ones, with what came of them
  std::vector<std::pair<double, std::uint32_t>> sizes;  // when max_hot became what

  [[nodiscard]] std::uint64_t misses() const { return by_tier[0] + by_tier[1]; }
  [[nodiscard]] double mean_slots() const { return seconds > 0 ? slot_seconds / seconds : 0; }
};

[[nodiscard]] SimulationResult simulate(const Trace& trace, const SimulationOptions& options);

}  // namespace genepool

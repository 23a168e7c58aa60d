// Fault scripts at work: alone, and in a simulation.
#include "sim/faults.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "sim/comparison.h"
#include "trace/generate.h"

namespace genepool {
namespace {

using namespace std::chrono_literals;

constexpr Instant kBegan = 1000s;

Trace a_genome_a_minute(std::size_t requests, std::uint32_t genomes = 1) {
  Trace trace;
  for (std::uint32_t i = 0; i < genomes; ++i) trace.genomes.push_back({std::string(1, static_cast<char>('A' + i)), 0, 0});
  for (std::size_t i = 0; i < requests; ++i) trace.requests.push_back({60.0 * static_cast<double>(i), static_cast<std::uint32_t>(i % genomes), kNoUser, 0, 0});
  return trace;
}

Knobs roomy() {
  Knobs knobs;
  knobs.hot_bytes = knobs.warm_bytes = std::uint64_t{1} << 50;
  knobs.stuck_after = 10s;
  return knobs;
}

SimulationResult run(const Trace& trace, std::string_view script, Knobs knobs = roomy(), ManagerSettings manager = {.mode = ManagerMode::kOff},
                     std::uint64_t seed = 1) {
  static const auto costs = make_measured_costs(shipped_stage_costs());
  const auto faults = parse_faults(script, trace);
  EXPECT_TRUE(faults) << faults.error().message;
  return simulate(trace, {.knobs = knobs, .manager = manager, .costs = costs.get(), .seed = seed, .faults = *faults});
}

// ---------------------------------------------------------------------------------------------------------- alone

TEST(Faults, hold_from_their_begin_until_their_end_and_of_their_genome) {
  const std::vector<Fault> script{{.kind = FaultKind::kAnswersSlow, .from = 10s, .to = 20s, .amount = 3, .genome = 1},
                                  {.kind = FaultKind::kAnswersSlow, .from = 15s, .amount = 2}};
  const Faults faults(script, kBegan, 1);
  EXPECT_EQ(faults.slowness(1, kBegan + 10s - 1ns), 1);
  EXPECT_EQ(faults.slowness(1, kBegan + 10s), 3);
  EXPECT_EQ(faults.slowness(0, kBegan + 12s), 1);
  EXPECT_EQ(faults.slowness(1, kBegan + 15s), 6) << "both";
  EXPECT_EQ(faults.slowness(1, kBegan + 20s), 2);
  EXPECT_EQ(faults.slowness(1, kBegan + 1000h), 2) << "to the end";
}

TEST(Faults, a_share_is_drawn) {
  const std::vector<Fault> script{{.kind = FaultKind::kLoadsFail, .amount = 0.1}};
  Faults faults(script, kBegan, 1);
  int failed = 0;
  for (int i = 0; i < 10'000; ++i) failed += faults.fails_load(0, kBegan) ? 1 : 0;
  EXPECT_NEAR(failed, 1000, 100);
  EXPECT_FALSE(faults.fails_start(0, kBegan)) << "another fault";
}

TEST(Faults, kills_come_in_the_order_of_time) {
  const std::vector<Fault> script{{.kind = FaultKind::kWorkersKilled, .from = 9s}, {.kind = FaultKind::kWorkersKilled, .from = 5s, .genome = 1}};
  Faults faults(script, kBegan, 1);
  EXPECT_EQ(faults.next_kill(), kBegan + 5s);
  EXPECT_EQ(faults.take_kill(), 1U);
  EXPECT_EQ(faults.next_kill(), kBegan + 9s);
  EXPECT_EQ(faults.take_kill(), std::nullopt);
  EXPECT_EQ(faults.next_kill(), Instant::max());
}

TEST(Faults, stalls_add_up_and_the_least_free_memory_counts) {
  const std::vector<Fault> script{{.kind = FaultKind::kMemoryFull, .from = 0s, .to = 10s, .amount = 0.5},
                                  {.kind = FaultKind::kMemoryFree, .from = 0s, .to = 10s, .amount = 700},
                                  {.kind = FaultKind::kMemoryFree, .from = 0s, .to = 10s, .amount = 500}};
  Faults faults(script, kBegan, 1);
  (void)faults.pressure(kBegan);
  const MemoryPressure two_seconds = faults.pressure(kBegan + 2s);
  EXPECT_EQ(two_seconds.stalls->full.total_us, 1'000'000U);
  EXPECT_EQ(two_seconds.stalls->some.total_us, 1'000'000U) << "when all wait, some do";
  EXPECT_EQ(two_seconds.stalls->some.avg10, 50);
  EXPECT_EQ(two_seconds.available_bytes, 500U);
  EXPECT_EQ(faults.pressure(kBegan + 12s).available_bytes, std::nullopt);
  EXPECT_EQ(faults.pressure(kBegan + 22s).stalls->full.total_us, 1'000'000U) << "it is over";
  EXPECT_TRUE(faults.is_memory_watched(kBegan + 5min));
  EXPECT_FALSE(faults.is_memory_watched(kBegan + 11min));
}

// ---------------------------------------------------------------------------------------------------- in a simulation

TEST(Simulation, loads_that_fail_are_refused_and_their_genome_is_kept_out) {
  const SimulationResult r = run(a_genome_a_minute(20), "0s..10m loads fail A");
  EXPECT_GE(r.faults.loads_failed, 3U);
  EXPECT_EQ(r.shut.begin()->first, "open: failure");
  EXPECT_GT(r.refused, 0U);
  EXPECT_EQ(r.answered + r.refused, 20U);
  EXPECT_GE(r.answered, 5U) << "after it has healed";
}

TEST(Simulation, starts_that_fail_leave_the_page_warm) {
  const SimulationResult r = run(a_genome_a_minute(3), "0s..30s starts fail *");
  EXPECT_EQ(r.faults.starts_failed, 1U);
  EXPECT_EQ(r.refusals.size(), 1U);
  EXPECT_EQ(r.by_tier[1], 1U) << "the next one found its page";
  EXPECT_EQ(r.answered, 2U);
}

TEST(Simulation, killed_workers_are_gone_and_come_back) {
  const SimulationResult r = run(a_genome_a_minute(6, 2), "150s workers killed *");
  EXPECT_EQ(r.faults.workers_died, 2U);
  EXPECT_EQ(r.answered, 6U) << "they were idle";
  EXPECT_EQ(r.misses(), 4U);
  EXPECT_LT(r.mean_slots(), 2);
}

TEST(Simulation, a_worker_may_be_killed_while_it_starts_in_vain) {
  std::string script = "0s..1s starts fail *\n";
  for (int ms = 1; ms < 500; ++ms) script += fmt::format("{}ms workers killed *\n", ms);
  const SimulationResult r = run(a_genome_a_minute(3), script);
  EXPECT_GE(r.faults.workers_died + r.faults.starts_failed, 1U);
  EXPECT_EQ(r.refused, 1U);
  EXPECT_EQ(r.answered, 2U);
}

TEST(Simulation, a_worker_that_crashes_loses_its_request_and_the_next_is_served) {
  const SimulationResult r = run(a_genome_a_minute(2), "0s..30s workers crash A");
  EXPECT_GE(r.faults.workers_died, 1U);
  EXPECT_EQ(r.refusals, (std::map<std::string, std::uint64_t>{{"worker_died", 1}}));
  EXPECT_EQ(r.answered, 1U);
}

TEST(Simulation, a_slow_answer_is_no_stuck_worker) {
  Trace trace = a_genome_a_minute(1);
  trace.requests[0].output_tokens = 10'000;  // a minute's work
  const SimulationResult r = run(trace, "0s.. answers slow 10x A");
  EXPECT_EQ(r.faults.slow_answers, 1U);
  EXPECT_EQ(r.answered, 1U);
  EXPECT_FALSE(r.kills.contains("stuck"));
  EXPECT_GT(r.total.mean(), 300);
}

TEST(Simulation, a_slow_genome_is_kept_out_after_five_answers_and_nobody_else) {
  const SimulationResult r = run(a_genome_a_minute(200, 3), "100m.. answers slow 10x B");
  ASSERT_FALSE(r.breaker_moves.empty());
  EXPECT_NEAR(r.breaker_moves.front().t_seconds, 100 * 60 + 5 * 180, 180);
  EXPECT_EQ(r.breaker_moves.front().change.to, BreakerState::kOpen);
  for (const BreakerMove& move : r.breaker_moves) EXPECT_EQ(move.genome, "B");
  EXPECT_EQ(r.kept_out, r.refused);
}

TEST(Simulation, shortness_of_memory_brakes_the_manager) {
  const ManagerSettings manager{.mode = ManagerMode::kOn, .memory_bytes = std::uint64_t{1} << 40};
  const auto brakes = [&](std::string_view script) {
    std::vector<std::string> actions;
    for (const Decision& d : run(a_genome_a_minute(120, 3), script, roomy(), manager).decisions) {
      if (d.kind == DecisionKind::kBrake) actions.push_back(d.action);
    }
    return actions;
  };
  EXPECT_EQ(brakes(""), std::vector<std::string>{});
  const std::vector<std::string> expected{"no growth, no guesses", "growth and guesses are allowed again"};
  EXPECT_EQ(brakes("1h..1h1m memory free 1MiB"), expected);
  const std::vector<std::string> stalled = brakes("1h..1h1m memory some 20%");
  ASSERT_GE(stalled.size(), 2U);
  EXPECT_EQ(stalled.front(), expected.front());
  EXPECT_EQ(stalled.back(), expected.back());
}

// Everything that a run tells, as text.
std::string told(const SimulationResult& r) {
  std::string text = fmt::format("{} {} {} {} {} {} {}", r.answered, r.total.mean(), r.load_seconds, r.slot_seconds, r.faults.loads_failed, r.faults.workers_died, r.kept_out);
  for (const BreakerMove& move : r.breaker_moves) text += fmt::format("\n{} {} {}", move.t_seconds, move.genome, move.change.why);
  for (const Decision& d : r.decisions) text += fmt::format("\n{} {}", d.t_seconds, d.action);
  return text;
}

TEST(Simulation, the_same_script_and_seed_give_the_same_run_and_another_seed_another) {
  const Result<Trace> trace = generate(*find_profile("model-skew"), {.seed = 1, .requests = 3000});
  ASSERT_TRUE(trace);
  constexpr std::string_view kScript = "1h..20h loads fail 30% *\n2h..20h workers crash 5% *\n3h..4h memory some 20%\n5h.. answers slow 3x *\n";
  const auto with = [&](std::uint64_t seed) { return told(run(*trace, kScript, roomy(), {.memory_bytes = 1 << 30}, seed)); };
  EXPECT_EQ(with(1), with(1));
  EXPECT_NE(with(1), with(2));
}

TEST(Simulation, faults_that_never_happen_change_nothing) {
  const Result<Trace> trace = generate(*find_profile("model-skew"), {.seed = 1, .requests = 3000});
  ASSERT_TRUE(trace);
  EXPECT_EQ(told(run(*trace, "0s.. loads fail 0% *\n0s.. workers crash 0% *\n0s.. answers slow 1x *")), told(run(*trace, "")));
}

}  // namespace
}  // namespace genepool

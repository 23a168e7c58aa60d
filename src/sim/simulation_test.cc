#include "sim/simulation.h"

#include <gtest/gtest.h>

#include "sim/miss_grid.h"
#include "trace/generate.h"

namespace genepool {
namespace {

using namespace std::chrono_literals;

Trace trace_of(std::string_view letters, double gap_s = 60) {
  Trace trace;
  for (char name = 'A'; name <= 'Z'; ++name) trace.genomes.push_back({std::string(1, name), 0, 0});
  for (const char letter : letters) {
    trace.requests.push_back({gap_s * static_cast<double>(trace.requests.size()), static_cast<std::uint32_t>(letter - 'A'), kNoUser, 0, 0});
  }
  return trace;
}

StageCosts constant_costs() {
  const auto always = [](double seconds) {
    StageQuantiles q;
    q.at.fill(seconds);
    return q;
  };
  return {.layer_load_mib = always(0.01), .fuse_mib = always(0.002), .spawn = always(0.005), .probe = always(0.001),
          .teardown = always(0.01), .prefill_token = always(0.001), .decode_token = always(0.01), .batch_of_4 = 1.6, .cores = 2};
}

Knobs roomy_knobs(std::uint32_t places) {
  Knobs k = unit_knobs(places, PolicyKind::kLru);
  k.sequences = 4;
  return k;
}

TEST(Simulation, misses_are_the_golden_ones) {
  EXPECT_EQ(unit_misses(trace_of("ABCADABEABCDEFAABGCDABHBACIABD"), 3, PolicyKind::kLru), 22U);
  EXPECT_EQ(unit_misses(trace_of("ABCADABEABCDEFAABGCDABHBACIABD"), 5, PolicyKind::kMarkov), 10U);
  EXPECT_EQ(unit_misses(trace_of("ABCADABEABCDEFAABGCDABHBACIABD"), 4, PolicyKind::kTournament), 16U);
}

// By hand: 10 MiB read (100 ms) and fused (20 ms), spawn 5 ms; a HOT hit waits for its probe alone. Then 64 tokens each.
TEST(Simulation, a_request_takes_what_its_stages_take) {
  const auto costs = make_measured_costs(constant_costs());
  const SimulationResult cold = simulate(trace_of("A"), {.knobs = roomy_knobs(2), .costs = costs.get()});
  EXPECT_EQ(cold.by_tier, (std::array<std::uint64_t, 3>{1, 0, 0}));
  EXPECT_NEAR(cold.grant.mean(), 0.125, 1e-6);
  EXPECT_NEAR(cold.first_token.mean(), 0.125 + 0.064, 1e-6);
  EXPECT_NEAR(cold.total.mean(), 0.125 + 0.064 + 0.64, 1e-6);
  const SimulationResult both = simulate(trace_of("AA"), {.knobs = roomy_knobs(2), .costs = costs.get()});
  EXPECT_NEAR(both.grant.mean() * 2, 0.125 + 0.001, 1e-6);
  const SimulationResult warm = simulate(trace_of("ABA"), {.knobs = roomy_knobs(1), .costs = costs.get()});
  EXPECT_EQ(warm.by_tier, (std::array<std::uint64_t, 3>{2, 1, 0}));
  EXPECT_NEAR(warm.grant.mean() * 3, 0.125 * 2 + 0.005, 1e-6) << "a victim's teardown is beside the load";
}

// Two in one worker: together 1.6^(1/2) times as fast as one; three workers on two cores: each at two thirds.
TEST(Simulation, requests_share_the_cores) {
  const auto costs = make_measured_costs(constant_costs());
  const double alone = 0.704, warm_up = 0.125;
  const SimulationResult two = simulate(trace_of("AA", 0), {.knobs = roomy_knobs(3), .costs = costs.get()});
  EXPECT_NEAR(two.total.at(1), warm_up + alone * 2 / std::sqrt(1.6), 0.02);
  const SimulationResult three = simulate(trace_of("ABC", 0), {.knobs = roomy_knobs(3), .costs = costs.get()});
  EXPECT_NEAR(three.total.at(0.3), warm_up + alone * 1.5, 0.1);
}

TEST(Simulation, the_same_seed_gives_the_same_result_and_another_seed_another) {
  StageCosts costs = constant_costs();
  costs.decode_token.at.back() = 0.1;
  const auto model = make_measured_costs(costs);
  const Result<Trace> trace = generate(*find_profile("lora-head"), {.seed = 1, .requests = 2000});
  ASSERT_TRUE(trace);
  const auto mean = [&](std::uint64_t seed) {
    return simulate(*trace, {.knobs = roomy_knobs(3), .costs = model.get(), .seed = seed}).total.mean();
  };
  EXPECT_EQ(mean(1), mean(1));
  EXPECT_NE(mean(1), mean(2));
}

TEST(Simulation, what_waits_too_long_is_refused) {
  const auto costs = make_measured_costs(constant_costs());
  const SimulationResult r = simulate(trace_of("ABCDEFGH", 0.001), {.knobs = roomy_knobs(1), .costs = costs.get(), .patience = 2s});
  EXPECT_GT(r.refused, 0U);
  EXPECT_EQ(r.refused + r.answered, r.requests);
  EXPECT_EQ(r.refusals.at("deadline_exceeded"), r.refused);
}

TEST(Simulation, a_long_one_tells_how_far_it_is) {
  const auto costs = make_fixed_costs({});
  std::size_t told = 0;
  (void)simulate(trace_of(std::string(25'000, 'A')), {.costs = costs.get(), .on_progress = [&] { ++told; }});
  EXPECT_EQ(told, 2U);
}

TEST(Quantiles, are_right_to_half_a_percent) {
  Quantiles q;
  for (int i = 1; i <= 1000; ++i) q.add(i / 1000.0);
  EXPECT_NEAR(q.at(0.5), 0.5, 0.005 * 0.5);
  EXPECT_NEAR(q.at(0.99), 0.99, 0.005 * 0.99);
  EXPECT_NEAR(q.mean(), 0.5005, 1e-9);
  EXPECT_EQ(Quantiles().at(0.5), 0);
}

}  // namespace
}  // namespace genepool

#include "manager/prefetch_gate.h"

#include <gtest/gtest.h>

namespace genepool {
namespace {

constexpr PrefetchGate::Request kSpared = {.missed_without_s = 1};
constexpr PrefetchGate::Request kNoHelp = {.missed_with_s = 1, .missed_without_s = 1};

void run(PrefetchGate& gate, const PrefetchGate::Request& request, int times) {
  for (int i = 0; i < times; ++i) gate.on_request(request);
}

TEST(PrefetchGate, it_is_closed_until_request_500) {
  PrefetchGate gate;
  run(gate, kSpared, 499);
  EXPECT_FALSE(gate.is_open());
  gate.on_request(kSpared);
  EXPECT_TRUE(gate.is_open());
  EXPECT_DOUBLE_EQ(gate.open_share(), 1.0 / 500);
}

TEST(PrefetchGate, losses_halve_in_a_thousand_requests) {
  PrefetchGate gate;
  gate.on_request(kNoHelp);
  run(gate, {}, 1'000);
  EXPECT_NEAR(gate.loss_with_s(), 0.5, 1e-9);
  EXPECT_NEAR(gate.loss_without_s(), 0.5, 1e-9);
}

TEST(PrefetchGate, a_speculative_load_costs_a_twentieth) {
  PrefetchGate gate;
  gate.on_request({.missed_with_s = 2, .speculative_s = 4});
  EXPECT_DOUBLE_EQ(gate.loss_with_s(), 2.2);
}

TEST(PrefetchGate, what_helps_by_less_than_its_price_keeps_it_closed) {
  PrefetchGate gate;
  // Of 20 misses one is spared, by 16 loads at .05 each: .99 of the loss without.
  for (int i = 0; i < 200; ++i) {
    run(gate, kNoHelp, 19);
    gate.on_request({.missed_without_s = 1, .speculative_s = 16});
  }
  EXPECT_FALSE(gate.is_open());
  EXPECT_EQ(gate.open_share(), 0);
}

// Loses `share` of what the absence of prefetch does, in the long run.
void drift_to(PrefetchGate& gate, double share) {
  run(gate, {.missed_with_s = share, .missed_without_s = 1}, 20'000);
}

TEST(PrefetchGate, between_its_two_limits_it_stays_as_it_is) {
  PrefetchGate gate;
  drift_to(gate, 0.985);
  EXPECT_FALSE(gate.is_open());
  drift_to(gate, 0.979);
  EXPECT_TRUE(gate.is_open());
  drift_to(gate, 0.989);
  EXPECT_TRUE(gate.is_open());
  drift_to(gate, 0.991);
  EXPECT_FALSE(gate.is_open());
}

TEST(PrefetchGate, without_any_loss_it_stays_closed) {
  PrefetchGate gate;
  run(gate, {}, 1'000);
  EXPECT_FALSE(gate.is_open());
}

}  // namespace
}  // namespace genepool

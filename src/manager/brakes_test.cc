#include "manager/brakes.h"

#include <gtest/gtest.h>

namespace genepool {
namespace {

using namespace std::chrono_literals;

// A machine with all signals and 8 GB free, read every 2 s; its pool has 4 slots of at most 1 GB.
class Machine {
 public:
  Machine() {
    pressure.stalls.emplace();
    pressure.events.emplace();
    pressure.available_bytes = 8'000'000'000;
    (void)read(100s);
  }
  BrakeVerdict read(Duration later = 2s) {
    now += later;
    BrakeVerdict verdict = brakes.update(pressure, pool, now);
    if (verdict.new_size) pool.size = *verdict.new_size;
    return verdict;
  }
  void stall(MemoryStall& stall, Duration time) { stall.total_us += static_cast<std::uint64_t>(time.count() / 1000); }

  MemoryPressure pressure;
  Brakes::Pool pool{.size = 4, .largest_worker_bytes = 1'000'000'000};
  Brakes brakes;
  Instant now{};
};

TEST(Brakes, a_quiet_machine_has_none) {
  Machine machine;
  const BrakeVerdict verdict = machine.read();
  EXPECT_TRUE(verdict.may_grow);
  EXPECT_TRUE(verdict.may_speculate);
  EXPECT_EQ(verdict.shed, Shed::kNothing);
  EXPECT_FALSE(verdict.new_size);
  EXPECT_FALSE(verdict.no_growth_until);
  EXPECT_EQ(verdict.reason, "");
  EXPECT_EQ(verdict.blind_to, "");
}

TEST(Brakes, counters_of_the_past_are_no_events) {
  Brakes brakes;
  MemoryPressure pressure;
  pressure.stalls = {{.total_us = 9'000'000}, {.total_us = 9'000'000}};
  pressure.events = {7, 7};
  EXPECT_TRUE(brakes.update(pressure, {}, 100s).may_grow);
}

TEST(Brakes, some_stall_drops_what_is_speculative_and_holds_growth_for_a_minute) {
  Machine machine;
  machine.stall(machine.pressure.stalls->some, 149ms);
  EXPECT_TRUE(machine.read().may_grow) << "below 150 ms";
  machine.stall(machine.pressure.stalls->some, 150ms);
  const BrakeVerdict verdict = machine.read();
  EXPECT_FALSE(verdict.may_grow);
  EXPECT_FALSE(verdict.may_speculate);
  EXPECT_EQ(verdict.shed, Shed::kSpeculative);
  EXPECT_EQ(verdict.no_growth_until, machine.now + 60s);
  EXPECT_EQ(verdict.reason, "tasks waited for memory 150 ms within 2 s");
  EXPECT_EQ(machine.read().shed, Shed::kNothing) << "told once";
  EXPECT_FALSE(machine.read(57s).may_grow);
  EXPECT_TRUE(machine.read(1s).may_grow);
}

TEST(Brakes, another_stall_begins_the_minute_anew) {
  Machine machine;
  machine.stall(machine.pressure.stalls->some, 150ms);
  (void)machine.read();
  machine.stall(machine.pressure.stalls->some, 10s);
  const BrakeVerdict verdict = machine.read(50s);
  EXPECT_EQ(verdict.no_growth_until, machine.now + 60s);
}

TEST(Brakes, a_stall_is_judged_by_its_two_seconds) {
  Machine often;
  often.stall(often.pressure.stalls->some, 100ms);
  EXPECT_TRUE(often.read(1s).may_grow);
  often.stall(often.pressure.stalls->some, 50ms);
  EXPECT_FALSE(often.read(1s).may_grow) << "150 ms in two readings of one window";

  Machine apart;
  apart.stall(apart.pressure.stalls->some, 100ms);
  EXPECT_TRUE(apart.read(2s).may_grow);
  apart.stall(apart.pressure.stalls->some, 100ms);
  EXPECT_TRUE(apart.read(2s).may_grow) << "two windows";

  Machine seldom;
  seldom.stall(seldom.pressure.stalls->some, 400ms);
  EXPECT_TRUE(seldom.read(10s).may_grow) << "80 ms in 2 s on average";
  seldom.stall(seldom.pressure.stalls->some, 750ms);
  EXPECT_FALSE(seldom.read(10s).may_grow);
}

TEST(Brakes, full_stall_halves_the_spare_and_holds_for_five_minutes) {
  Machine machine;
  machine.stall(machine.pressure.stalls->some, 150ms);
  machine.stall(machine.pressure.stalls->full, 100ms);
  const BrakeVerdict verdict = machine.read();
  EXPECT_EQ(verdict.shed, Shed::kHalfOfSpare);
  EXPECT_EQ(verdict.no_growth_until, machine.now + 5min);
  EXPECT_EQ(verdict.reason, "all tasks waited for memory 100 ms within 2 s");
}

TEST(Brakes, a_weaker_signal_does_not_shorten_a_hold) {
  Machine machine;
  machine.stall(machine.pressure.stalls->full, 100ms);
  const auto until = machine.read().no_growth_until;
  machine.stall(machine.pressure.stalls->some, 150ms);
  const BrakeVerdict verdict = machine.read();
  EXPECT_EQ(verdict.shed, Shed::kSpeculative);
  EXPECT_EQ(verdict.no_growth_until, until);
  EXPECT_TRUE(verdict.reason.starts_with("all tasks")) << verdict.reason;
}

TEST(Brakes, an_event_of_memory_high_does_as_full_stall) {
  Machine machine;
  ++machine.pressure.events->high;
  const BrakeVerdict verdict = machine.read();
  EXPECT_EQ(verdict.shed, Shed::kHalfOfSpare);
  EXPECT_EQ(verdict.no_growth_until, machine.now + 5min);
  EXPECT_EQ(machine.read().shed, Shed::kNothing);
}

TEST(Brakes, growth_waits_for_free_memory) {
  Machine machine;
  machine.pressure.available_bytes = 1'199'000'000;
  const BrakeVerdict verdict = machine.read();
  EXPECT_FALSE(verdict.may_grow);
  EXPECT_FALSE(verdict.may_speculate);
  EXPECT_EQ(verdict.shed, Shed::kNothing);
  EXPECT_FALSE(verdict.no_growth_until) << "until there is some";
  EXPECT_EQ(verdict.reason, "1199 MB of memory are free, 1.2 x the largest worker is 1200 MB");
  machine.pressure.available_bytes = 1'200'000'000;
  EXPECT_TRUE(machine.read().may_grow);
  machine.pressure.available_bytes = 0;
  EXPECT_FALSE(machine.read().may_grow);
}

TEST(Brakes, without_a_worker_seen_free_memory_forbids_nothing) {
  Machine machine;
  machine.pool.largest_worker_bytes = 0;
  machine.pressure.available_bytes = 1;
  EXPECT_TRUE(machine.read().may_grow);
}

TEST(Brakes, a_kill_at_a_new_size_goes_below_the_last_good_one) {
  Machine machine;
  (void)machine.read(60s);  // 4 is good
  machine.pool.size = 5;
  (void)machine.read(10s);
  ++machine.pressure.events->oom_kill;
  const BrakeVerdict verdict = machine.read(10s);
  EXPECT_EQ(verdict.new_size, 3U);
  EXPECT_FALSE(verdict.may_grow);
  EXPECT_EQ(verdict.no_growth_until, machine.now + 10min);
  EXPECT_EQ(verdict.reason, "a process was killed for want of memory with 5 slots");
  EXPECT_FALSE(machine.read().new_size) << "told once";
}

TEST(Brakes, a_kill_at_a_good_size_goes_one_below_it) {
  Machine machine;
  (void)machine.read(60s);
  ++machine.pressure.events->oom_kill;
  EXPECT_EQ(machine.read().new_size, 3U);
  ++machine.pressure.events->oom_kill;
  EXPECT_EQ(machine.read().new_size, 2U) << "each kill one more";
  ++machine.pressure.events->oom_kill;
  EXPECT_EQ(machine.read().new_size, 1U);
  ++machine.pressure.events->oom_kill;
  EXPECT_EQ(machine.read().new_size, 1U) << "never none";
}

TEST(Brakes, a_kill_never_raises_the_size) {
  Machine machine;
  (void)machine.read(60s);  // 4 is good
  machine.pool.size = 2;
  (void)machine.read();
  ++machine.pressure.events->oom_kill;
  EXPECT_EQ(machine.read().new_size, 1U);
}

TEST(Brakes, speculation_ends_before_growth_does) {
  Machine machine;
  machine.pressure.stalls->some.avg10 = 5.1;
  const BrakeVerdict verdict = machine.read();
  EXPECT_TRUE(verdict.may_grow);
  EXPECT_FALSE(verdict.may_speculate);
  EXPECT_EQ(verdict.reason, "tasks waited for memory 5.1 % of the last 10 s");
  machine.pressure.stalls->some.avg10 = 5;
  EXPECT_TRUE(machine.read().may_speculate);
}

TEST(Brakes, without_signals_free_memory_is_the_brake_and_it_says_so) {
  Machine machine;
  machine.pressure.stalls.reset();
  machine.pressure.missing = "proc/pressure/memory: No such file or directory";
  EXPECT_EQ(machine.read().blind_to, machine.pressure.missing) << "events are there";
  machine.pressure.events.reset();
  BrakeVerdict verdict = machine.read();
  EXPECT_TRUE(verdict.may_grow);
  EXPECT_EQ(verdict.blind_to, "free memory is the only brake: proc/pressure/memory: No such file or directory");
  machine.pressure.available_bytes = 1'000'000'000;
  EXPECT_FALSE(machine.read().may_grow);
  machine.pressure.available_bytes.reset();
  EXPECT_TRUE(machine.read().may_grow) << "nothing is known";
}

TEST(Brakes, counters_that_begin_anew_are_no_stall) {
  Machine machine;
  machine.stall(machine.pressure.stalls->some, 100s);
  (void)machine.read();
  ASSERT_TRUE(machine.read(60s).may_grow);
  machine.pressure.stalls->some.total_us = 0;
  EXPECT_TRUE(machine.read().may_grow);
  machine.stall(machine.pressure.stalls->some, 150ms);
  EXPECT_FALSE(machine.read().may_grow);
}

}  // namespace
}  // namespace genepool

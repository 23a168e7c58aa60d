// Random histories: deaths, failures, cancels, pins, knob changes, late answers. Whatever happens, the invariants hold after
// each event, the doer is never asked for nonsense (pool_harness.cc), each request and command ends once, and the same seed
// gives the same actions, live and replayed.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "pool/pool_harness.h"

namespace genepool {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kGenomes = "0ABCDEFGH";

Knobs random_knobs(std::mt19937_64& rng) {
  Knobs k = test_knobs();
  k.max_hot = static_cast<std::uint32_t>(1 + rng() % 4);
  k.hot_bytes = 120 + rng() % 800;
  k.kv_bytes_per_worker = rng() % 80;
  k.warm_max_genomes = static_cast<std::uint32_t>(rng() % 8);
  k.warm_bytes = rng() % 900;
  k.sequences = static_cast<std::uint32_t>(1 + rng() % 4);
  k.queue = static_cast<std::uint32_t>(4 + rng() % 60);
  k.idle_ttl = Duration(rng() % 3 * std::chrono::nanoseconds(2s).count());
  k.turn = Duration(rng() % 3 * std::chrono::nanoseconds(500ms).count());
  k.genome_queue = static_cast<std::uint32_t>(rng() % 3 * 5);
  k.stuck_after = 3s;
  k.worker_growth = rng() % 3 * 100;
  k.hot_policy = static_cast<PolicyKind>(rng() % kPolicyKinds);
  k.warm_policy = static_cast<PolicyKind>(rng() % kPolicyKinds);
  k.min_residency = Duration(rng() % 3 * std::chrono::nanoseconds(300ms).count());
  k.has_breakers = rng() % 8 != 0;
  return k;
}

Mishaps random_mishaps(std::mt19937_64& rng) {
  const auto some = [&](double most) { return rng() % 2 == 0 ? 0 : most; };
  return {.page_fails = some(0.1),
          .spawn_fails = some(0.1),
          .dies = some(0.1),
          .deaf = some(0.05),
          .late = 0.3,
          .keeps_cold = 0.1,
          .answer_fails = some(0.2)};
}

void one_event(Harness& h, std::mt19937_64& rng) {
  const char genome = kGenomes[rng() % kGenomes.size()];
  const auto chance = rng() % 100;
  const auto some_request = [&] { return 1 + rng() % (h.asked.size() + 1); };
  if (chance < 60) {
    (void)h.arrive(genome, Duration(rng() % 10'000'000'000), rng() % 8 == 0);
  } else if (chance < 70) {
    if (const RequestId r = some_request(); h.asked.contains(r)) h.cancel(r);
  } else if (chance < 76) {
    (void)h.bring(genome, static_cast<Goal>(rng() % 3), Duration(rng() % 5'000'000'000));
  } else if (chance < 78) {
    (void)h.prewarm(genome, kGenomes[rng() % kGenomes.size()], Duration(rng() % 3'000'000'000));
  } else if (chance < 80) {
    (void)h.demote(genome);
  } else if (chance < 84) {
    h.pin(genome, rng() % 3 == 0);
  } else if (chance < 86) {
    h.layer_gone(rng() % 4 == 0 ? '*' : genome);
  } else if (chance < 87) {
    rng() % 2 == 0 ? h.layer_changed(genome) : h.set_breaker(genome, static_cast<BreakerWish>(rng() % 3));
  } else if (chance < 89) {
    const bool can_spawn = rng() % 2 == 0;
    h.send(BaseState{can_spawn, rng() % 4 == 0});
  } else if (chance < 92) {
    h.knobs([&](Knobs& k) { k = random_knobs(rng); });
  } else if (chance < 96 && !h.processes.empty()) {
    const WorkerId w = 1 + rng() % h.processes.size();
    if (h.processes.at(w).is_ready || rng() % 2 == 0) h.die(w);
  } else {
    const WorkerId w = rng() % (h.processes.size() + 2);  // of any age
    switch (rng() % 3) {
      case 0: h.send(ProbeAnswered{w}); break;
      case 1: h.send(WorkerAlive{w}); break;
      default: h.send(WorkerMeasured{w, rng() % 600});
    }
  }
}

// Everything heals, so whatever still waits can end; a third of the histories drain instead.
void end_history(Harness& h, std::mt19937_64& rng) {
  h.mishaps = {};
  h.deaf.clear();
  for (const char genome : kGenomes) h.pin(genome, false);
  if (rng() % 3 == 0) {
    h.send(Drain{});
  } else {
    h.send(BaseState{true, false});
  }
  h.run_until_quiet();
}

std::string history(std::uint64_t seed, std::uint64_t* events) {
  std::mt19937_64 rng(seed);
  Harness h(random_knobs(rng));
  h.rng.seed(seed + 1);
  h.mishaps = random_mishaps(rng);
  h.script.inference = Duration(rng() % 1'500'000'000);
  const auto steps = 20 + rng() % 150;
  for (std::uint64_t i = 0; i < steps && !testing::Test::HasFailure(); ++i) {
    one_event(h, rng);
    h.run(Duration(rng() % 3 == 0 ? 0 : rng() % 200'000'000));
  }
  end_history(h, rng);
  EXPECT_TRUE(h.is_quiet()) << "a request or a command never ended";
  EXPECT_EQ(h.pool.snapshot().waiting + h.pool.snapshot().in_flight, 0u);
  const auto report = replay(h.log);
  EXPECT_TRUE(report) << report.error().message;
  *events += h.events;
  return h.log;
}

// GENEPOOL_HISTORIES and GENEPOOL_SEED make it longer or repeat one.
std::uint64_t from_env(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

TEST(PoolProperty, random_histories_keep_every_promise) {
  const std::uint64_t first = from_env("GENEPOOL_SEED", 1), count = from_env("GENEPOOL_HISTORIES", 4600);
  std::uint64_t events = 0;
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    SCOPED_TRACE("GENEPOOL_HISTORIES=1 GENEPOOL_SEED=" + std::to_string(seed));
    const std::string log = history(seed, &events);
    if (seed % 10 == 0) {
      EXPECT_EQ(history(seed, &events), log) << "the same seed gave other actions";
    }
    if (HasFailure()) break;
  }
  fmt::print("{} histories from seed {}, {} events\n", count, first, events);
}

}  // namespace
}  // namespace genepool

// What the pool's decisions cost: one request through the HOT path (arrive, health check, first token, release).
//   build/src/pool/pool_bench [--benchmark_repetitions=9]       ninja -C build pool_bench makes it
#include <benchmark/benchmark.h>

#include "pool/pool_harness.h"

namespace genepool {
namespace {

void hot_path(benchmark::State& state) {
  Harness h;
  char last = 'A';
  for (std::int64_t i = 0; i < state.range(0); ++i) {  // genomes that the pool knows; three of them stay HOT
    last = static_cast<char>('A' + i);
    (void)h.arrive(last);
    h.run(std::chrono::seconds(1));
  }
  const GenomeSpec genome = h.spec(last);
  const WorkerId worker = *h.worker_of(last);
  std::int64_t grants = 0;
  const ActionSink sink = [&](const Action& action) { grants += std::holds_alternative<GrantRequest>(action) ? 1 : 0; };
  Instant now = h.now;
  RequestId request = 1'000'000;
  for (auto _ : state) {
    now += std::chrono::milliseconds(1);
    h.pool.on(Arrive{++request, genome, now + std::chrono::seconds(120)}, now, sink);
    h.pool.on(ProbeAnswered{worker}, now, sink);
    h.pool.on(FirstToken{request}, now, sink);
    h.pool.on(Release{request, true}, now, sink);
    benchmark::DoNotOptimize(h.pool.next_wakeup());
  }
  if (grants != state.iterations()) state.SkipWithError("not every request was granted at once");
  state.counters["events_per_second"] =
      benchmark::Counter(static_cast<double>(4 * state.iterations()), benchmark::Counter::kIsRate);
}
BENCHMARK(hot_path)->Arg(3)->Arg(23);

}  // namespace
}  // namespace genepool

BENCHMARK_MAIN();

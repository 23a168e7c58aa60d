// What prediction costs for each request: the five base voices and their mixture learn from it, then look for the genome to
// prefetch and weigh it. Genomes are drawn by a rank exponent of 1; 4,000 is what a day of personas has, 20,000 the bound.
//   build/src/manager/predictor_bench [--benchmark_repetitions=9]       ninja -C build predictor_bench makes it
#include <benchmark/benchmark.h>

#include <algorithm>
#include <vector>

#include "base/random.h"
#include "manager/predictor.h"

namespace genepool {
namespace {

std::vector<GenomeIndex> crowd(std::size_t genomes) {
  std::vector<double> up_to(genomes);
  double sum = 0;
  for (std::size_t rank = 0; rank < genomes; ++rank) up_to[rank] = sum += 1.0 / static_cast<double>(rank + 1);
  Random random(7);
  std::vector<GenomeIndex> requests(1 << 16);
  for (GenomeIndex& genome : requests) {
    genome = static_cast<GenomeIndex>(std::ranges::upper_bound(up_to, random.uniform() * sum) - up_to.begin());
  }
  return requests;
}

template <class AfterEach>
void observe_all(benchmark::State& state, const AfterEach& after_each) {
  Predictor predictor(base_voices());
  const auto requests = crowd(static_cast<std::size_t>(state.range(0)));
  Moment moment;
  std::size_t next = 0;
  const auto one = [&] {
    moment.now += std::chrono::seconds(20);
    predictor.observe(requests[next++ % requests.size()], moment);
  };
  for (std::size_t i = 0; i < requests.size(); ++i) one();  // as full as it gets
  for (auto _ : state) {
    one();
    after_each(predictor, moment);
  }
}

void observe(benchmark::State& state) {
  observe_all(state, [](const Predictor&, const Moment&) {});
}
BENCHMARK(observe)->Arg(86)->Arg(4'000)->Arg(20'000);

void observe_and_choose(benchmark::State& state) {
  observe_all(state, [](const Predictor& predictor, const Moment& moment) {
    const auto next = predictor.likeliest_absent(moment, [](GenomeIndex genome) { return genome < 5; });
    benchmark::DoNotOptimize(next ? predictor.chance_within(*next, kPrefetchHorizon, moment) : 0);
  });
}
BENCHMARK(observe_and_choose)->Arg(86)->Arg(4'000)->Arg(20'000);

}  // namespace
}  // namespace genepool

BENCHMARK_MAIN();

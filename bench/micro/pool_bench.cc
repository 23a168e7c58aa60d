// What the pool's decisions cost: one request through the HOT path (arrive, health check, first token, release), and a Zipf
// crowd over 10,000 genomes that pages in and out. Allocations inside the pool are counted.
//   build/src/pool/pool_bench [--benchmark_repetitions=9]       ninja -C build pool_bench makes it
#include <benchmark/benchmark.h>

#include <atomic>
#include <cstdlib>
#include <deque>
#include <new>
#include <random>

#include "base/hash.h"
#include "pool/pool_harness.h"

namespace {
std::atomic<std::uint64_t> allocations{0};
}

void* operator new(std::size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"  // g++ 12 inlines one of the pair and not the other
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
#pragma GCC diagnostic pop

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
  Event arrive = Arrive{0, genome, {}};  // made once: what its maker allocates is not the pool's
  const auto one_request = [&] {
    now += std::chrono::milliseconds(1);
    std::get<Arrive>(arrive).request = ++request;
    std::get<Arrive>(arrive).deadline = now + std::chrono::seconds(120);
    h.pool.on(arrive, now, sink);
    h.pool.on(ProbeAnswered{worker}, now, sink);
    h.pool.on(FirstToken{request}, now, sink);
    h.pool.on(Release{.request = request, .is_answered = true, .tokens = 11, .decode = std::chrono::milliseconds(50)}, now, sink);
    benchmark::DoNotOptimize(h.pool.next_wakeup());
  };
  one_request();  // what it keeps for all that follow
  grants = 0;
  std::uint64_t made = 0;
  for (auto _ : state) {
    const std::uint64_t before = allocations;  // within: the loop itself allocates when it starts and ends
    one_request();
    made += allocations - before;
  }
  state.counters["allocations_per_event"] = static_cast<double>(made) / static_cast<double>(4 * state.iterations());
  if (made != 0) state.SkipWithError("the HOT path allocated");
  if (grants != state.iterations()) state.SkipWithError("not every request was granted at once");
  state.counters["events_per_second"] =
      benchmark::Counter(static_cast<double>(4 * state.iterations()), benchmark::Counter::kIsRate);
}
BENCHMARK(hot_path)->Arg(3)->Arg(23);

Digest numbered(std::uint64_t i) { return sha256(std::as_bytes(std::span(&i, 1))); }

// A doer that does everything at once: what is left is the pool's own work.
class InstantDoer {
 public:
  explicit InstantDoer(PoolCore& pool) : pool_(pool), sink_([this](const Action& action) { answer(action); }) {}
  void feed(Event event) {
    waiting_.push_back(std::move(event));
    while (!waiting_.empty()) {
      const Event next = std::move(waiting_.front());
      waiting_.pop_front();
      now_ += std::chrono::microseconds(100);
      pool_.on(next, now_, sink_);
      ++events;
    }
  }
  [[nodiscard]] Instant now() const { return now_; }
  std::uint64_t events = 0, granted = 0, spawned = 0;

 private:
  void answer(const Action& action) {
    if (const auto* grant = std::get_if<GrantRequest>(&action)) {
      ++granted;
      waiting_.emplace_back(FirstToken{grant->request});
      waiting_.emplace_back(Release{.request = grant->request, .is_answered = true, .tokens = 11, .decode = std::chrono::milliseconds(50)});
    } else if (const auto* build = std::get_if<BuildPage>(&action)) {
      PageBuilt built{build->identity, 100, {}};
      for (const LayerId& layer : build->missing) built.loaded.push_back({layer, 30});
      waiting_.emplace_back(std::move(built));
    } else if (const auto* spawn = std::get_if<SpawnWorker>(&action)) {
      ++spawned;
      waiting_.emplace_back(WorkerReady{spawn->worker});
    } else if (const auto* probe = std::get_if<ProbeWorker>(&action)) {
      waiting_.emplace_back(ProbeAnswered{probe->worker});
    } else if (const auto* kill = std::get_if<KillWorker>(&action)) {
      waiting_.emplace_back(WorkerGone{kill->worker});
    }
  }
  PoolCore& pool_;
  ActionSink sink_;
  std::deque<Event> waiting_;
  Instant now_{std::chrono::seconds(1000)};
};

void ten_thousand_genomes(benchmark::State& state) {
  static constexpr std::size_t kGenomes = 10'000, kRequests = 1 << 16;
  Knobs knobs = test_knobs();
  knobs.max_hot = 10;
  knobs.hot_bytes = knobs.warm_bytes = 1 << 20;
  PoolCore pool(knobs);
  InstantDoer doer(pool);
  doer.feed(SetKnobs{knobs});
  std::vector<GenomeSpec> specs;
  for (std::uint64_t i = 0; i < kGenomes; ++i) specs.push_back({numbered(i), 100, {{numbered(kGenomes + i % 1000), 30}}});
  std::vector<double> weights;
  for (std::size_t rank = 1; rank <= kGenomes; ++rank) weights.push_back(1.0 / static_cast<double>(rank));
  std::mt19937_64 chance(1);
  std::discrete_distribution<std::size_t> zipf(weights.begin(), weights.end());
  std::vector<std::size_t> wanted;
  for (std::size_t i = 0; i < kRequests; ++i) wanted.push_back(zipf(chance));
  RequestId request = 0;
  const std::uint64_t before = doer.events;
  for (auto _ : state) {
    ++request;
    doer.feed(Arrive{request, specs[wanted[request % kRequests]], doer.now() + std::chrono::seconds(120)});
  }
  if (doer.granted != request) state.SkipWithError("not every request was granted");
  state.counters["events_per_second"] = benchmark::Counter(static_cast<double>(doer.events - before), benchmark::Counter::kIsRate);
  state.counters["misses"] = static_cast<double>(doer.spawned) / static_cast<double>(request);
}
BENCHMARK(ten_thousand_genomes);

}  // namespace
}  // namespace genepool

BENCHMARK_MAIN();

#include <algorithm>
#include <atomic>
#include <thread>

#include "suite/phases.h"

namespace genepool::bench {
namespace {

// The stages of one page-in, per layer where the founding document counts per layer.
void add_stages(Bench& bench, const UseMetrics& use) {
  if (use.layers > 0) bench.add("layer_stack", use.layer_stack_ms / static_cast<double>(use.layers));
  bench.add("process_spawn", use.process_spawn_ms);
}

// Ends the genome's worker (it stays WARM) and notes how long that took.
Result<void> tear_down(Bench& bench, const std::string& genome, double spawn_ms) {
  const NewSamples teardowns(bench.pool, "processTeardownTime");
  GENEPOOL_TRY_VOID(bench.pool.evict(genome));
  for (const double ms : teardowns.get()) {
    bench.add("process_teardown", ms);
    bench.add("spawn_teardown", spawn_ms + ms);
  }
  return {};
}

// acquire, one answer, release; then the worker ends. `acquire_row` gets the acquire's own time.
Result<UseMetrics> one_start(Bench& bench, const std::string& genome, std::string_view acquire_row,
                             std::string_view first_token_row) {
  const Stopwatch watch;
  GENEPOOL_TRY(Lease lease, bench.pool.acquire(genome));
  bench.add(acquire_row, watch.ms());
  GENEPOOL_TRY_VOID(lease.generate(bench.question()).map([](const Generation&) {}));
  const double total_ms = watch.ms();
  UseMetrics use = bench.pool.release(std::move(lease));
  use.total_ms = total_ms;
  add_stages(bench, use);
  if (!first_token_row.empty()) bench.add(first_token_row, use.first_token_ms);
  GENEPOOL_TRY_VOID(tear_down(bench, genome, use.process_spawn_ms));
  return use;
}

// Shares no beginning with another but what the chat template puts before it.
std::string new_question(std::size_t number) { return fmt::format("{} is the number of my ticket. Where is the ship?", number); }

}  // namespace

Result<void> cold_rounds(Bench& bench) {
  for (std::size_t i = 0; i < bench.options.repeats; ++i) {
    const std::string& genome = bench.genome(i);
    GENEPOOL_TRY_VOID(bench.stage(fmt::format("COLD, page cache dropped: {} of {}", i + 1, bench.options.repeats)));
    GENEPOOL_TRY_VOID(bench.pool.make_cold(genome));
    const NewSamples loads(bench.pool, "layerLoadTime");
    GENEPOOL_TRY(const UseMetrics use, one_start(bench, genome, "cold_acquire", "first_token_cold"));
    bench.add_all("layer_load_disk", loads.get());
    bench.add("inference", use.inference_ms);
    bench.add("total_cold", use.total_ms);
  }
  return {};
}

Result<void> cold_cached_rounds(Bench& bench) {
  for (std::size_t i = 0; i < bench.options.repeats; ++i) {
    const std::string& genome = bench.genome(i);
    GENEPOOL_TRY_VOID(bench.stage(fmt::format("COLD, page cache kept: {} of {}", i + 1, bench.options.repeats)));
    GENEPOOL_TRY_VOID(bench.pool.make_cold(genome, false));
    const NewSamples loads(bench.pool, "layerLoadTime");
    GENEPOOL_TRY(const UseMetrics use, one_start(bench, genome, "cold_acquire_cached", ""));
    bench.add_all("layer_load_cached", loads.get());
    bench.add("inference", use.inference_ms);
  }
  return {};
}

Result<void> warm_rounds(Bench& bench) {
  for (std::size_t i = 0; i < bench.options.repeats; ++i) {
    const std::string& genome = bench.genome(i);
    GENEPOOL_TRY_VOID(bench.stage(fmt::format("WARM: {} of {}", i + 1, bench.options.repeats)));
    GENEPOOL_TRY_VOID(bench.pool.preload(genome));
    GENEPOOL_TRY(const UseMetrics use, one_start(bench, genome, "warm_acquire", "first_token_warm"));
    bench.add("inference", use.inference_ms);
  }
  return {};
}

Result<void> warm_full_rounds(Bench& bench) {
  static constexpr std::size_t kGenomes = 5;  // more than max_hot: least recently used first means none is HOT in its turn
  for (std::size_t i = 0; i < kGenomes; ++i) GENEPOOL_TRY_VOID(bench.pool.preload(bench.genome(i)));
  for (std::size_t i = 0; i < kGenomes; ++i) GENEPOOL_TRY_VOID(bench.pool.warmup(bench.genome(i)));
  const NewSamples teardowns(bench.pool, "processTeardownTime");
  const std::size_t rounds = 3 * std::size_t{bench.options.repeats};
  for (std::size_t i = 0; i < rounds; ++i) {
    GENEPOOL_TRY_VOID(bench.stage(fmt::format("WARM, HOT full: {} of {}", i + 1, rounds)));
    const Stopwatch watch;
    GENEPOOL_TRY(Lease lease, bench.pool.acquire(bench.genome(i % kGenomes)));
    bench.add("warm_acquire_full", watch.ms());
    add_stages(bench, bench.pool.release(std::move(lease)));
  }
  bench.add_all("process_teardown", teardowns.get());
  return {};
}

Result<void> hot_rounds(Bench& bench) {
  const std::string& genome = bench.genome(0);
  GENEPOOL_TRY_VOID(bench.pool.warmup(genome));
  const std::size_t rounds = bench.rounds(500, 200);
  GENEPOOL_TRY_VOID(bench.stage(fmt::format("HOT: {} acquires", rounds)));
  for (std::size_t i = 0; i < rounds; ++i) {
    const Stopwatch watch;
    GENEPOOL_TRY(Lease lease, bench.pool.acquire(genome));
    bench.add("hot_acquire", watch.ms());
    (void)bench.pool.release(std::move(lease));
  }
  for (std::size_t i = 0; i < bench.options.repeats; ++i) {
    GENEPOOL_TRY(const auto measured, bench.pool.acquire_with_metrics(genome, bench.question()));
    bench.add("first_token_hot", measured.metrics.first_token_ms);
    bench.add("inference", measured.metrics.inference_ms);
  }
  return {};
}

// Short and tall stacks, and prompts that are new to their worker but for what the chat template begins them with.
Result<void> token_rounds(Bench& bench) {
  const std::size_t rounds = std::max<std::size_t>(bench.workload.genomes.size(), bench.options.repeats);
  for (std::size_t i = 0; i < rounds; ++i) {
    GENEPOOL_TRY_VOID(bench.stage(fmt::format("HOT, new prompts: {} of {}", i + 1, rounds)));
    GENEPOOL_TRY_VOID(bench.pool.acquire_with_metrics(bench.genome(i), bench.question()).map([](const auto&) {}));
    GenerateOptions ask = bench.question();
    ask.prompt = new_question(i);
    GENEPOOL_TRY(const auto measured, bench.pool.acquire_with_metrics(bench.genome(i), ask));
    const Generation& answer = measured.generation;
    if (answer.prompt_tokens > 0) bench.add("prefill_token", answer.prefill_ms / answer.prompt_tokens);
    if (answer.completion_tokens > 1) bench.add("decode_token", answer.decode_ms / (answer.completion_tokens - 1));
  }
  return {};
}

namespace {

// Keeps one genome decoding until it goes out of scope, and counts what it says: proof that the cores were busy.
class Decoder {
 public:
  Decoder(GenomePool& pool, const std::string& genome, GenerateOptions options)
      : thread_([this, &pool, genome, options = std::move(options)]() mutable {
          options.on_text = [this](std::string_view) { pieces_.fetch_add(1); };
          while (!is_over_.load() && pool.acquire_with_metrics(genome, options)) continue;
        }) {}
  ~Decoder() {
    is_over_.store(true);
    thread_.join();
  }
  [[nodiscard]] std::size_t pieces() const { return pieces_.load(); }

 private:
  std::atomic<bool> is_over_ = false;
  std::atomic<std::size_t> pieces_ = 0;
  std::thread thread_;
};

}  // namespace

// One genome's answers, alone and beside another that decodes: alone it may have had all cores. Prompts are new, for a prefill
// loses more than a decode, which waits for memory.
Result<void> two_rounds(Bench& bench) {
  GENEPOOL_TRY_VOID(bench.stage("two genomes at once"));
  GENEPOOL_TRY_VOID(bench.pool.warmup(bench.genome(1)));
  GENEPOOL_TRY_VOID(bench.pool.warmup(bench.genome(0)));
  std::size_t asked = 0;
  const auto answer_ms = [&]() -> Result<double> {
    GenerateOptions ask = bench.question();
    ask.prompt = new_question(++asked);
    GENEPOOL_TRY(const auto measured, bench.pool.acquire_with_metrics(bench.genome(0), ask));
    return measured.metrics.inference_ms;
  };
  const std::size_t rounds = bench.rounds(20, 10);
  std::vector<double> alone;
  for (std::size_t i = 0; i < rounds; ++i) {
    GENEPOOL_TRY(const double ms, answer_ms());
    alone.push_back(ms);
  }
  GenerateOptions endless = bench.question();
  endless.max_tokens = 128;
  const Decoder other(bench.pool, bench.genome(1), endless);
  std::this_thread::sleep_for(std::chrono::milliseconds(300));  // past its prefill
  for (std::size_t i = 0; i < rounds; ++i) {
    GENEPOOL_TRY(const double ms, answer_ms());
    bench.add("answer_of_two", ms / median_of(alone));
  }
  return {};
}

Result<void> hot_while_decoding(Bench& bench) {
  GENEPOOL_TRY_VOID(bench.pool.warmup(bench.genome(1)));
  GENEPOOL_TRY_VOID(bench.pool.warmup(bench.genome(2)));
  GENEPOOL_TRY_VOID(bench.pool.warmup(bench.genome(0)));
  const std::size_t rounds = bench.rounds(300, 100);
  GENEPOOL_TRY_VOID(bench.stage(fmt::format("HOT while two other genomes decode: {} acquires", rounds)));
  GenerateOptions endless = bench.question();
  endless.max_tokens = 128;
  const Decoder first(bench.pool, bench.genome(1), endless);
  const Decoder second(bench.pool, bench.genome(2), endless);
  std::this_thread::sleep_for(std::chrono::milliseconds(300));  // both past their prefill
  for (std::size_t i = 0; i < rounds; ++i) {
    const Stopwatch watch;
    GENEPOOL_TRY(Lease lease, bench.pool.acquire(bench.genome(0)));
    bench.add("hot_acquire_busy", watch.ms());
    (void)bench.pool.release(std::move(lease));
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  if (first.pieces() == 0 || second.pieces() == 0) {
    return fail(Code::kInternal, "the genomes that were to keep the cores busy said nothing: HOT under load is not measured");
  }
  bench.note("hot_acquire_busy", fmt::format("{} pieces of text beside it", first.pieces() + second.pieces()));
  return {};
}

}  // namespace genepool::bench

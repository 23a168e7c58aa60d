// GenomePool: genepool inside your own program. Many genomes (a base model + a weighted stack of LoRA layers) on one
// machine, paged HOT / WARM / COLD; each HOT genome runs in its own worker process (`genepool-worker`, found beside your
// program or named in Options).
// Ownership: the pool owns workers and memory; a Lease keeps its genome HOT until it is released or dropped.
// Thread: all calls from any thread. The ones marked "blocks" wait; nothing calls you back on another thread.
// Errors: Result<T> (tl::expected<T, Error>); nothing throws.
// Use:   auto pool = genepool::GenomePool::open({.data_dir = "data", .base = "model.gguf"});
//        auto lease = (*pool)->acquire("captain");              // blocks: HOT < 10 ms, WARM < 500 ms, COLD < 3 s
//        auto answer = lease->generate({.prompt = "Where is the ship?", .max_tokens = 32});
//        (*pool)->release(std::move(*lease), true);
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <genepool/result.h>

namespace genepool {

struct Options {
  std::string data_dir;  // "" = the user's default
  std::string base;      // GGUF; "" = the one that data_dir remembers
  // Any of params.def by its dotted name: {"pool.max_hot", "5"}. trace.record is off unless it is set.
  std::map<std::string, std::string> settings;
};

struct GenerateOptions {
  std::string prompt;          // one user message, through the base's chat template
  std::uint32_t max_tokens = 128;
  float temperature = 0.0F;
  std::uint32_t seed = 0;
  bool ignore_end = false;     // go on past the end token: measurements
  std::function<void(std::string_view)> on_text = {};  // called while it is generated, on the pool's thread; may be empty
};

struct Generation {
  std::string text;
  std::uint32_t prompt_tokens = 0, completion_tokens = 0;
  double prefill_ms = 0, decode_ms = 0;
};

// The times of one use of a genome, in milliseconds; 0 = the step was not needed.
struct UseMetrics {
  std::string tier;            // where the genome was: "hot", "warm", "cold"
  double acquire_ms = 0, queue_ms = 0;
  double layer_load_ms = 0, layer_stack_ms = 0, process_spawn_ms = 0;  // a spare's spawn was before the acquire
  double inference_ms = 0, first_token_ms = 0, process_teardown_ms = -1;  // -1: no victim, or not gone yet
  double total_ms = 0;
  std::size_t layers = 0;
  [[nodiscard]] double assembly_ms() const { return layer_load_ms + layer_stack_ms; }
};

class Lease {
 public:
  Lease(Lease&&) noexcept;
  Lease& operator=(Lease&&) noexcept;
  ~Lease();  // gives the genome back and keeps it HOT

  [[nodiscard]] Result<Generation> generate(const GenerateOptions& options);  // blocks; one at a time per lease
  [[nodiscard]] const UseMetrics& metrics() const;  // of the acquire, until released

 private:
  friend class GenomePool;
  struct State;
  explicit Lease(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

struct Timing6 {  // one of the founding document's six times
  std::uint64_t count = 0;
  double p50_ms = 0, p99_ms = 0, mean_ms = 0, max_ms = 0;
  std::vector<double> recent_ms;
};
struct Stats {
  std::map<std::string, Timing6> timings;  // layerLoadTime, layerStackTime, processSpawnTime, inferenceTime, ...
  std::uint64_t cache_hits = 0, cache_misses = 0, hot_hits = 0, warm_hits = 0, cold_starts = 0;
  double assembly_to_inference_ratio = 0, eviction_rate_per_minute = 0;
  double thrash_share = 0, refault_share = 0;  // seconds of assembly / of inference; page-ins that twice the places would spare
  bool is_thrashing = false;
};
struct WorkerMemory {
  std::string genome;
  std::uint64_t pss_bytes = 0, private_bytes = 0, page_bytes = 0;
  std::uint64_t charged_bytes = 0;  // to pool.hot_bytes: the page and all that its KV may take
};

class GenomePool {
 public:
  // Blocks until the base is loaded. kNotFound: no base; kConflict: data_dir is in use by another process.
  [[nodiscard]] static Result<std::unique_ptr<GenomePool>> open(const Options& options);
  ~GenomePool();

  // ---- what the catalog knows. Blocks on disk.
  // `force`: also a layer that changes nothing, or was made for a base of another name.
  [[nodiscard]] Result<void> add_layer(const std::string& path, const std::string& name, bool force = false);
  [[nodiscard]] Result<void> create_genome(const std::string& name, const std::vector<std::string>& stack);  // "pirate:0.8"

  // `genome`: a name, "base", or an inline stack "base+pirate:0.8". Blocks until HOT and healthy or the deadline.
  [[nodiscard]] Result<Lease> acquire(std::string_view genome, std::chrono::milliseconds deadline = std::chrono::seconds(120));
  // Gives back; keep_hot = false demotes to WARM when idle. Returns the completed metrics. Blocks a moment.
  UseMetrics release(Lease lease, bool keep_hot = true);

  // acquire, generate, release in one; the metrics are complete.
  struct Measured {
    Generation generation;
    UseMetrics metrics;
  };
  [[nodiscard]] Result<Measured> acquire_with_metrics(std::string_view genome, const GenerateOptions& options,
                                                      bool keep_hot = true);

  [[nodiscard]] Result<void> warmup(std::string_view genome);   // -> HOT. Blocks.
  [[nodiscard]] Result<void> preload(std::string_view genome);  // -> WARM. Blocks.
  [[nodiscard]] Result<void> evict(std::string_view genome, bool to_cold = false);  // drains first. Blocks.
  [[nodiscard]] Result<void> pin(std::string_view genome, bool is_pinned = true);
  // evict to COLD, and its layers leave RAM too; with `drop_page_cache` also the kernel's copy of their files, so that the
  // next acquire reads the disk. For measuring. Blocks.
  [[nodiscard]] Result<void> make_cold(std::string_view genome, bool drop_page_cache = true);
  [[nodiscard]] Result<void> set(std::string_view setting, std::string_view value);

  [[nodiscard]] Stats stats() const;
  [[nodiscard]] std::vector<WorkerMemory> memory() const;  // of HOT genomes, from /proc
  [[nodiscard]] std::uint64_t zygote_pss_bytes() const;  // and of the spare worker

 private:
  struct State;
  explicit GenomePool(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace genepool

// `bench scale`: how each cost grows with the number of genomes, of layers a genome, with the rank, with the places in HOT and
// with clients at once. Layers are generated, of rank 16 on all linears unless said. One group of rows for each cost.
#include <fmt/core.h>

#include <algorithm>

#include "import/import.h"
#include "store/store.h"
#include "suite/load_client.h"
#include "suite/phases.h"

namespace genepool::bench {
namespace {

constexpr std::uint64_t kRank = 16, kLayers = 10;
constexpr std::uint64_t kRanks[] = {8, 16, 32, 64, 128};
constexpr std::size_t kHeights[] = {1, 2, 4, 8};

std::string layer_name(std::uint64_t i) { return fmt::format("layer{}", i); }
std::string rank_name(std::uint64_t rank) { return fmt::format("rank{}", rank); }

class ScaleSuite {
 public:
  ScaleSuite(const Workload& workload, const SuiteOptions& options, const Progress& progress, SuiteResult& result)
      : base_path_(workload.base_path), options_(options), progress_(progress), result_(result) {}

  Result<void> run() {
    GENEPOOL_TRY_VOID(progress_("preparing layers"));
    GENEPOOL_TRY(dir_, TemporaryDir::make());
    GENEPOOL_TRY_VOID(fill_store());
    {
      GENEPOOL_TRY(const std::unique_ptr<GenomePool> pool, open(dir_.path()));
      for (const std::size_t height : kHeights) GENEPOOL_TRY_VOID(one_genome(*pool, "layers", fmt::format("{} layers", height), stack_of(height)));
      for (const std::uint64_t rank : kRanks) GENEPOOL_TRY_VOID(one_genome(*pool, "rank", fmt::format("rank {}", rank), {rank_name(rank)}));
      for (const std::size_t places : {1, 2, 4, 8, 10}) GENEPOOL_TRY_VOID(hot_places(*pool, places));
      for (const std::size_t genomes : {1, 4}) {
        for (const std::size_t clients : {1, 4, 16, 64}) GENEPOOL_TRY_VOID(at_once(*pool, genomes, clients));
      }
    }
    for (const std::size_t genomes : {10, 100, 1'000, 10'000}) GENEPOOL_TRY_VOID(registered(genomes));
    return {};
  }

 private:
  [[nodiscard]] std::size_t rounds(std::size_t all, std::size_t quick) const { return options_.is_quick ? quick : all; }

  static std::vector<std::string> stack_of(std::size_t height) {
    std::vector<std::string> stack;
    for (std::size_t i = 0; i < height; ++i) stack.push_back(layer_name(i) + ":0.5");
    return stack;
  }

  Result<void> fill_store() {
    GENEPOOL_TRY(const std::unique_ptr<Store> store, Store::open(dir_.path()));
    GENEPOOL_TRY(const auto base, store->use_base(base_path_));
    const auto add = [&](const std::string& name, std::uint64_t rank, std::uint64_t seed) -> Result<void> {
      GENEPOOL_TRY(const ImportedLayer layer, random_layer({.rank = rank, .targets = {"all"}, .seed = seed}, base.second));
      return store->add_layer(name, layer).map([](const auto&) {});
    };
    for (std::uint64_t i = 0; i < kLayers; ++i) GENEPOOL_TRY_VOID(add(layer_name(i), kRank, i + 1));
    for (const std::uint64_t rank : kRanks) GENEPOOL_TRY_VOID(add(rank_name(rank), rank, 100));
    return {};
  }

  Result<std::unique_ptr<GenomePool>> open(const std::string& data_dir) {
    Options options{.data_dir = data_dir, .base = base_path_, .settings = options_.settings};
    options.settings.try_emplace("log.level", "error");
    return GenomePool::open(options);
  }

  Measurement& row(const std::string& group, const std::string& what, const std::string& title, Unit unit) {
    const std::string id = fmt::format("{}/{}/{}", group, what, title);
    const auto found = std::ranges::find(result_.rows, id, &Measurement::id);
    if (found != result_.rows.end()) return *found;
    return result_.rows.emplace_back(Measurement{.id = id, .title = title, .unit = unit, .group = fmt::format("{}, by {}", what, group)});
  }

  GenerateOptions ask() const {
    GenerateOptions ask;
    ask.prompt = "Where is the ship?";
    ask.max_tokens = options_.tokens;
    ask.ignore_end = true;
    return ask;
  }

  // One genome by itself: its page-ins from RAM and from disk, its decoding, its size.
  Result<void> one_genome(GenomePool& pool, const std::string& by, const std::string& title, const std::vector<std::string>& stack) {
    std::string genome = "base";
    for (const std::string& entry : stack) genome += "+" + entry;
    for (std::size_t round = 0; round < rounds(options_.repeats, 3); ++round) {
      GENEPOOL_TRY_VOID(progress_(fmt::format("{}: round {}", title, round + 1)));
      GENEPOOL_TRY_VOID(pool.make_cold(genome, false));
      GENEPOOL_TRY(const auto cold, pool.acquire_with_metrics(genome, ask()));
      GENEPOOL_TRY_VOID(pool.evict(genome));
      GENEPOOL_TRY(const auto warm, pool.acquire_with_metrics(genome, ask()));
      row(by, "COLD acquire, page cache kept", title, Unit::kMillis).samples.push_back(cold.metrics.acquire_ms);
      row(by, "WARM acquire", title, Unit::kMillis).samples.push_back(warm.metrics.acquire_ms);
      const double tokens = warm.generation.completion_tokens - 1;
      if (tokens > 0) row(by, "decoding", title, Unit::kTokensPerSecond).samples.push_back(1000 * tokens / warm.generation.decode_ms);
    }
    for (const WorkerMemory& worker : pool.memory()) {
      if (worker.genome == genome) row(by, "page", title, Unit::kBytes).samples = {static_cast<double>(worker.page_bytes)};
    }
    return {};
  }

  LoadQuestion question(std::size_t genomes) {
    LoadQuestion question{.genomes = {}, .tokens = options_.tokens, .series = ++series_};
    for (std::size_t i = 0; i < genomes; ++i) question.genomes.push_back(fmt::format("base+{}:0.5", layer_name(i)));
    return question;
  }

  Result<LoadRun> load(GenomePool& pool, std::size_t genomes, std::size_t clients, std::size_t requests) {
    LoadRun run = closed_loop(*target_of(pool), question(genomes), clients, requests);
    for (const Served& one : run.served) {
      if (!one.error.empty()) return fail(Code::kInternal, "a request failed: {}", one.error);
    }
    return run;
  }

  Result<void> hot_places(GenomePool& pool, std::size_t places) {
    const std::string title = fmt::format("{} places", places);
    GENEPOOL_TRY_VOID(progress_(title + " in HOT, Zipf over 10 genomes"));
    GENEPOOL_TRY_VOID(pool.set("pool.max_hot", std::to_string(places)));
    GENEPOOL_TRY(const LoadRun run, load(pool, kLayers, 4, rounds(40, 12)));
    row("places in HOT", "throughput", title, Unit::kTokensPerSecond).samples = {run.tokens_per_second()};
    row("places in HOT", "time to first token", title, Unit::kMillis).samples = run.all(&Served::first_token_ms);
    double bytes = static_cast<double>(pool.zygote_pss_bytes());
    for (const WorkerMemory& worker : pool.memory()) bytes += static_cast<double>(worker.pss_bytes);
    row("places in HOT", "memory of base and workers (PSS)", title, Unit::kBytes).samples = {bytes};
    return {};
  }

  Result<void> at_once(GenomePool& pool, std::size_t genomes, std::size_t clients) {
    const std::string title = fmt::format("{} client{}, {} genome{}", clients, clients == 1 ? "" : "s", genomes, genomes == 1 ? "" : "s");
    GENEPOOL_TRY_VOID(progress_(title));
    GENEPOOL_TRY(const LoadRun run, load(pool, genomes, clients, std::max(clients, rounds(24, 8))));
    row("clients", "throughput", title, Unit::kTokensPerSecond).samples = {run.tokens_per_second()};
    row("clients", "time to first token", title, Unit::kMillis).samples = run.all(&Served::first_token_ms);
    row("clients", "whole request", title, Unit::kMillis).samples = run.all(&Served::total_ms);
    return {};
  }

  Result<void> registered(std::size_t genomes) {
    const std::string title = fmt::format("{} genomes", genomes);
    GENEPOOL_TRY_VOID(progress_("registering " + title));
    GENEPOOL_TRY(const Workload workload, prepare_workload({.base = base_path_, .generated_rank = kRank, .registered = genomes}));
    GENEPOOL_TRY(const std::unique_ptr<GenomePool> pool, open(workload.dir.path()));
    const std::string& one = workload.genomes[0].name;
    for (std::size_t round = 0; round < rounds(options_.repeats, 3); ++round) {
      GENEPOOL_TRY_VOID(pool->make_cold(one, false));
      const Stopwatch cold;
      GENEPOOL_TRY(Lease lease, pool->acquire(one));
      row("registered genomes", "COLD acquire, page cache kept", title, Unit::kMillis).samples.push_back(cold.ms());
      (void)pool->release(std::move(lease));
    }
    for (std::size_t i = 0; i < rounds(500, 100); ++i) {
      const Stopwatch hot;
      GENEPOOL_TRY(Lease lease, pool->acquire(one));
      row("registered genomes", "look-up and HOT acquire", title, Unit::kMillis).samples.push_back(hot.ms());
      (void)pool->release(std::move(lease));
    }
    return {};
  }

  const std::string base_path_;
  const SuiteOptions& options_;
  const Progress& progress_;
  SuiteResult& result_;
  TemporaryDir dir_;
  std::uint64_t series_ = 0;
};

}  // namespace

SuiteResult run_scale(const Workload& workload, const SuiteOptions& options, const Progress& progress) {
  return measure_suite({.suite = "scale"}, [&](SuiteResult& result) { return ScaleSuite(workload, options, progress, result).run(); });
}

}  // namespace genepool::bench

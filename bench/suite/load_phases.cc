#include <algorithm>
#include <numeric>
#include <random>

#include "suite/phases.h"

namespace genepool::bench {
namespace {

// The genomes with the most layers: the largest pages come first.
std::vector<std::string> tallest(const Workload& workload, std::size_t count) {
  std::vector<const GenomeLine*> lines;
  for (const GenomeLine& line : workload.genomes) lines.push_back(&line);
  std::stable_sort(lines.begin(), lines.end(), [](auto* a, auto* b) { return a->stack.size() > b->stack.size(); });
  std::vector<std::string> names;
  for (std::size_t i = 0; i < std::min(count, lines.size()); ++i) names.push_back(lines[i]->name);
  return names;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

}  // namespace

Result<void> memory_of_five(Bench& bench) {
  static constexpr std::size_t kHot = 5;
  GENEPOOL_TRY_VOID(bench.stage("memory of 5 HOT genomes"));
  GENEPOOL_TRY_VOID(bench.pool.set("pool.max_hot", "5"));
  for (const std::string& genome : tallest(bench.workload, kHot)) {
    GENEPOOL_TRY_VOID(bench.pool.acquire_with_metrics(genome, bench.question()).map([](const auto&) {}));
  }
  const std::vector<WorkerMemory> workers = bench.pool.memory();
  const std::uint64_t zygote = bench.pool.zygote_pss_bytes();
  std::uint64_t total = zygote, largest_page = 0;
  for (const WorkerMemory& worker : workers) {
    total += worker.pss_bytes;
    largest_page = std::max(largest_page, worker.page_bytes);
    bench.add("memory_genome", static_cast<double>(worker.pss_bytes));
    bench.add("page_bytes", static_cast<double>(worker.page_bytes));
    bench.add("charged_genome", static_cast<double>(worker.charged_bytes));
    bench.add("private_genome", static_cast<double>(worker.private_bytes));
  }
  bench.add("memory_five", static_cast<double>(total));
  bench.note("memory_five", fmt::format("{} workers, zygote {:.0f} MB", workers.size(), static_cast<double>(zygote) / 1e6));
  bench.aim_more("private_genome", static_cast<double>(largest_page));
  bench.note("private_genome", fmt::format("largest page {:.1f} MB", static_cast<double>(largest_page) / 1e6));
  return {};
}

Result<void> twenty_different(Bench& bench) {
  // All at COLD first, page cache dropped: the worst that the founding document's test can meet.
  for (std::size_t i = 0; i < Workload::kGenomes; ++i) GENEPOOL_TRY_VOID(bench.pool.make_cold(bench.genome(i)));
  double assembly_ms = 0, inference_ms = 0;
  for (std::size_t i = 0; i < Workload::kGenomes; ++i) {
    GENEPOOL_TRY_VOID(bench.stage(fmt::format("20 different genomes in a row: {}", i + 1)));
    GENEPOOL_TRY(const auto measured, bench.pool.acquire_with_metrics(bench.genome(i), bench.question()));
    assembly_ms += measured.metrics.assembly_ms();
    inference_ms += measured.metrics.inference_ms;
  }
  bench.add("twenty_ratio", inference_ms > 0 ? assembly_ms / inference_ms : assembly_ms);
  static constexpr double kCount = Workload::kGenomes;
  bench.note("twenty_ratio", fmt::format("mean assembly {:.1f} ms, mean inference {:.0f} ms, all from COLD",
                                         assembly_ms / kCount, inference_ms / kCount));
  return {};
}

Result<void> sequential_requests(Bench& bench) {
  static constexpr std::size_t kGenomes = 10;
  const std::size_t requests = bench.rounds(100, 20);
  for (std::size_t i = 0; i < requests; ++i) {
    GENEPOOL_TRY_VOID(bench.stage(fmt::format("sequential requests over 10 genomes: {} of {}", i + 1, requests)));
    const Stopwatch watch;
    GENEPOOL_TRY_VOID(bench.pool.acquire_with_metrics(bench.genome(i % kGenomes), bench.question()).map([](const auto&) {}));
    bench.add("sequential", watch.ms());
  }
  return {};
}

Result<void> normal_load(Bench& bench) {
  static constexpr std::size_t kGenomes = 3;  // the working set fits in HOT: that is what "normal" means here
  std::mt19937 chance(1);
  std::discrete_distribution<std::size_t> zipf({1.0, 1.0 / 2, 1.0 / 3});
  const std::size_t requests = bench.rounds(60, 20);
  double alarms = 0, thrash_requests = 0;
  bool was_thrashing = false;
  for (std::size_t i = 0; i < requests; ++i) {
    GENEPOOL_TRY_VOID(bench.stage(fmt::format("normal load, Zipf over {} genomes: {} of {}", kGenomes, i + 1, requests)));
    GENEPOOL_TRY(const auto measured, bench.pool.acquire_with_metrics(bench.genome(zipf(chance)), bench.question()));
    if (measured.metrics.assembly_ms() > measured.metrics.inference_ms) ++thrash_requests;
    const bool is_thrashing = bench.pool.stats().is_thrashing;
    if (is_thrashing && !was_thrashing) ++alarms;
    was_thrashing = is_thrashing;
  }
  bench.add("normal_alarms", alarms);
  bench.add("normal_requests", thrash_requests);
  const std::string what = fmt::format("{} requests, Zipf 1.0 over {} genomes", requests, kGenomes);
  bench.note("normal_alarms", what);
  bench.note("normal_requests", what);
  return {};
}

Result<void> collect_answers(Bench& bench) {
  GenerateOptions ask;
  ask.prompt = "Where can I find fresh bread in this town?";
  ask.max_tokens = 48;
  for (const GenomeLine& genome : bench.workload.genomes) {
    GENEPOOL_TRY_VOID(bench.stage("an answer of " + genome.name));
    GENEPOOL_TRY(const auto measured, bench.pool.acquire_with_metrics(genome.name, ask));
    bench.add_answer({genome.name, joined(genome.stack), ask.prompt, measured.generation.text});
  }
  return {};
}

}  // namespace genepool::bench

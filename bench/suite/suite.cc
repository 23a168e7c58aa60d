#include "suite/suite.h"

#include <algorithm>
#include <numeric>

#include "suite/phases.h"

namespace genepool::bench {
namespace {

using Phase = Result<void> (*)(Bench&);

// Opens a pool on the workload's directory, runs the phases on it in order and closes it.
Result<void> run_phases(const Workload& workload, const SuiteOptions& options, std::initializer_list<Phase> phases,
                        SuiteResult& result, const Progress& progress) {
  GENEPOOL_TRY_VOID(progress("loading the base"));
  Options open{.data_dir = workload.dir.path(), .base = workload.base_path, .settings = options.settings};
  open.settings.try_emplace("metrics.samples", "65536");  // NewSamples must find all of a phase's samples
  open.settings.try_emplace("log.level", "error");        // one line an operation would drown the progress
  GENEPOOL_TRY(const std::unique_ptr<GenomePool> pool, GenomePool::open(open));
  Bench bench(*pool, workload, options, result, progress);
  for (const Phase phase : phases) GENEPOOL_TRY_VOID(phase(bench));
  return {};
}

}  // namespace

std::size_t mixing_stride(std::size_t count) {
  std::size_t stride = count * 2 / 5 + 1;
  while (std::gcd(stride, count) != 1) ++stride;
  return stride;
}

void Bench::add(std::string_view id, double sample) { row(id).samples.push_back(sample); }

void Bench::add_all(std::string_view id, std::span<const double> samples) {
  auto& all = row(id).samples;
  all.insert(all.end(), samples.begin(), samples.end());
}

void Bench::note(std::string_view id, std::string text) { row(id).note = std::move(text); }

void Bench::aim_more(std::string_view id, double more) {
  for (Bound& aim : row(id).aims) aim.value += more;
}

Measurement& row_of(SuiteResult& result, std::string_view id) {
  const auto it = std::ranges::find(result.rows, id, &Measurement::id);
  GENEPOOL_CHECK(it != result.rows.end(), "no row {}", id);
  return *it;
}

GenerateOptions Bench::question() const {
  GenerateOptions ask;
  ask.prompt = "Where is the ship?";
  ask.max_tokens = options.tokens;
  ask.ignore_end = true;
  return ask;
}

NewSamples::NewSamples(const GenomePool& pool, std::string timing) : pool_(pool), timing_(std::move(timing)) {
  const Stats stats = pool_.stats();
  if (const auto it = stats.timings.find(timing_); it != stats.timings.end()) before_ = it->second.count;
}

std::vector<double> NewSamples::get() const {
  const Stats stats = pool_.stats();
  const auto it = stats.timings.find(timing_);
  if (it == stats.timings.end()) return {};
  const auto& [count, p50, p99, mean, max, recent] = it->second;
  const std::size_t gained = std::min(static_cast<std::size_t>(count - before_), recent.size());
  return {recent.end() - static_cast<std::ptrdiff_t>(gained), recent.end()};
}

SuiteResult measure_suite(SuiteResult begun, const std::function<Result<void>(SuiteResult&)>& measure) {
  const Stopwatch watch;
  if (const auto ran = measure(begun); !ran) begun.broke_off = ran.error().message;
  gather_groups(begun.rows);
  begun.seconds = watch.ms() / 1000;
  return begun;
}

SuiteResult run_limits(const Workload& workload, const SuiteOptions& options, const Progress& progress) {
  return measure_suite({.suite = "limits", .rows = founding_rows()}, [&](SuiteResult& result) -> Result<void> {
    GENEPOOL_TRY_VOID(run_phases(workload, options, {normal_load}, result, progress));
    GENEPOOL_TRY_VOID(run_phases(workload, options,
                                 {cold_rounds, cold_cached_rounds, warm_rounds, warm_full_rounds, hot_rounds, token_rounds, two_rounds,
                                  hot_while_decoding, twenty_different, sequential_requests, memory_of_five, other_ways_to_load, one_layer_only},
                                 result, progress));
    GENEPOOL_TRY_VOID(over_http(workload, options, result, progress));
    return options.wants_answers ? run_phases(workload, options, {collect_answers}, result, progress) : Result<void>();
  });
}

}  // namespace genepool::bench

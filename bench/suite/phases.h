// The measurements of the suite, one function a phase. Private to suite/. Thread: one; hot_while_decoding starts two more, two_rounds one.
#pragma once

#include <genepool/pool.h>

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "suite/suite.h"

namespace genepool::bench {

// A step that visits all of `count` places, far apart: genome files list the short stacks first.
[[nodiscard]] std::size_t mixing_stride(std::size_t count);

// The row of that id, which must exist.
[[nodiscard]] Measurement& row_of(SuiteResult& result, std::string_view id);

// A suite's measuring, timed; where it broke off is kept with what was measured until then.
[[nodiscard]] SuiteResult measure_suite(SuiteResult begun, const std::function<Result<void>(SuiteResult&)>& measure);

// What a phase works with: a pool, what to ask it for, and where samples go.
class Bench {
 public:
  Bench(GenomePool& p, const Workload& w, const SuiteOptions& o, SuiteResult& result, const Progress& progress)
      : pool(p), workload(w), options(o), result_(result), progress_(progress), stride_(mixing_stride(w.genomes.size())) {}

  GenomePool& pool;
  const Workload& workload;
  const SuiteOptions& options;

  void add(std::string_view row, double sample);
  void add_all(std::string_view row, std::span<const double> samples);
  void note(std::string_view row, std::string text);
  void aim_more(std::string_view row, double more);  // raises the row's aims by what is known only now
  void add_answer(Answer answer) { result_.answers.push_back(std::move(answer)); }
  [[nodiscard]] Result<void> stage(std::string_view text) const { return progress_(text); }

  // Requests of a phase: all, or fewer with --quick.
  [[nodiscard]] std::size_t rounds(std::size_t all, std::size_t quick) const { return options.is_quick ? quick : all; }
  // The i-th genome in an order that mixes short and tall stacks; each once in every workload.genomes.size() of them.
  [[nodiscard]] const std::string& genome(std::size_t i) const {
    return workload.genomes[i * stride_ % workload.genomes.size()].name;
  }
  // The question that every measurement asks, answered with exactly options.tokens tokens.
  [[nodiscard]] GenerateOptions question() const;

 private:
  [[nodiscard]] Measurement& row(std::string_view id) { return row_of(result_, id); }
  SuiteResult& result_;
  const Progress& progress_;
  std::size_t stride_;
};

// The samples that one of the six times has gained since the mark was made.
class NewSamples {
 public:
  NewSamples(const GenomePool& pool, std::string timing);
  [[nodiscard]] std::vector<double> get() const;

 private:
  const GenomePool& pool_;
  std::string timing_;
  std::uint64_t before_ = 0;
};

class Stopwatch {
 public:
  [[nodiscard]] double ms() const { return to_ms(monotonic_now() - start_); }

 private:
  Instant start_ = monotonic_now();
};

// timing_phases.cc: one genome at a time
[[nodiscard]] Result<void> cold_rounds(Bench& bench);         // page cache dropped: also inference and the whole request
[[nodiscard]] Result<void> cold_cached_rounds(Bench& bench);  // page cache kept
[[nodiscard]] Result<void> warm_rounds(Bench& bench);         // a place in HOT is free
[[nodiscard]] Result<void> warm_full_rounds(Bench& bench);    // each start evicts another genome
[[nodiscard]] Result<void> hot_rounds(Bench& bench);
[[nodiscard]] Result<void> token_rounds(Bench& bench);
[[nodiscard]] Result<void> two_rounds(Bench& bench);
[[nodiscard]] Result<void> hot_while_decoding(Bench& bench);

// http_phases.cc: on a server of its own, when no pool has the directory
[[nodiscard]] Result<void> over_http(const Workload& workload, const SuiteOptions& options, SuiteResult& result, const Progress& progress);

// healing.cc: on servers of their own, when no pool has the directory
[[nodiscard]] Result<void> healing_phases(const Workload& workload, const SuiteOptions& options, SuiteResult& result, const Progress& progress);

// remedy_phases.cc: other ways
[[nodiscard]] Result<void> other_ways_to_load(Bench& bench);
[[nodiscard]] Result<void> one_layer_only(Bench& bench);

// load_phases.cc: many
[[nodiscard]] Result<void> memory_of_five(Bench& bench);
[[nodiscard]] Result<void> twenty_different(Bench& bench);
[[nodiscard]] Result<void> sequential_requests(Bench& bench);
[[nodiscard]] Result<void> normal_load(Bench& bench);         // on a pool of its own: the thrash window must start empty
[[nodiscard]] Result<void> collect_answers(Bench& bench);

}  // namespace genepool::bench

#include "api/golden_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "api/golden_prompts.h"
#include "base/printable.h"
#include "runtime/answer_collector.h"

namespace genepool::api {
namespace {

constexpr std::size_t kMostQuoted = 200;

std::string quoted(const std::string& text) {
  return fmt::format("\"{}{}\"", printable(text.substr(0, kMostQuoted)), text.size() > kMostQuoted ? "..." : "");
}

Result<std::string> answer_of(Runtime& runtime, const ResolvedGenome& genome, GenerateParams params) {
  const auto collector = std::make_shared<AnswerCollector>();
  runtime.generate(genome, std::move(params), collector);
  const Outcome outcome = collector->wait();
  if (outcome.error) return tl::unexpected(*outcome.error);
  return collector->take_text();
}

Result<void> judge(const GenomeRow& row, const std::vector<GoldenResult>& results) {
  const auto failed = [](const GoldenResult& result) { return !result.failures.empty(); };
  const auto first = std::ranges::find_if(results, failed);
  if (first == results.end()) return {};
  return fail(Code::kGoldenFailed, "\"{}\" stays where it is: version {} fails {} of {} golden prompts: {} is answered {}, which {}",
              row.name, row.version.brief(), std::ranges::count_if(results, failed), results.size(), quoted(first->prompt),
              quoted(first->answer), fmt::join(first->failures, ", "));
}

// Where `wanted` would move its name, after that passed; none: nothing guards the name, or it would not move.
template <class Wanted>
Result<std::optional<GenomeRow>> passed(Runtime& runtime, const Wanted& wanted) {
  Store& store = runtime.store();
  GENEPOOL_TRY(const std::string golden, store.golden_prompts(wanted.name));
  if (golden.empty()) return std::nullopt;
  GENEPOOL_TRY(const GenomeRow present, store.genome(wanted.name));
  GENEPOOL_TRY(GenomeRow row, store.preview(wanted));
  if (row.move == present.move) return std::nullopt;
  GENEPOOL_TRY(const std::vector<GoldenResult> results, ask_golden(runtime, row));
  GENEPOOL_TRY_VOID(judge(row, results));
  return row;
}

}  // namespace

Result<std::vector<GoldenResult>> ask_golden(Runtime& runtime, const GenomeRow& row) {
  std::vector<GoldenResult> results;
  GENEPOOL_TRY(const std::string golden, runtime.store().golden_prompts(row.name));
  if (golden.empty()) return results;
  GENEPOOL_TRY(const std::vector<GoldenPrompt> prompts, read_golden(Json::parse(golden, nullptr, false)));
  GENEPOOL_TRY(const ResolvedGenome genome, runtime.resolve(row));
  GENEPOOL_TRY_VOID(runtime.wait_ready(std::chrono::milliseconds(runtime.config().pool_deadline)));
  for (const GoldenPrompt& prompt : prompts) {
    GENEPOOL_TRY(GenerateParams params, request_of(prompt, genome));
    GENEPOOL_TRY(std::string answer, answer_of(runtime, genome, std::move(params)));
    std::vector<std::string> failures = failures_of(prompt, answer);
    results.push_back({prompt.shown, std::move(answer), std::move(failures)});
  }
  return results;
}

Result<GenomeRow> move_guarded(Runtime& runtime, Store::NewGenome genome) {
  GENEPOOL_TRY(const std::optional<GenomeRow> row, passed(runtime, genome));
  if (row) genome.only_to = row->version;
  return runtime.create_genome(genome);
}

Result<std::vector<GenomeRow>> move_guarded(Runtime& runtime, std::vector<Store::NewGenome> genomes) {
  for (Store::NewGenome& genome : genomes) {
    GENEPOOL_TRY(const std::optional<GenomeRow> row, passed(runtime, genome));
    if (row) genome.only_to = row->version;
  }
  return runtime.create_genomes(genomes);
}

Result<GenomeRow> move_guarded(Runtime& runtime, Store::CopyGenome copy) {
  GENEPOOL_TRY(const std::optional<GenomeRow> row, passed(runtime, copy));
  if (row) copy.from = fmt::format("{}@{}", copy.from.substr(0, copy.from.find('@')), row->version.hex());
  return runtime.copy_genome(copy);
}

Result<GenomeRow> move_guarded(Runtime& runtime, Store::Rollback back) {
  GENEPOOL_TRY(const std::optional<GenomeRow> row, passed(runtime, back));
  if (row) back.to = row->version.hex();
  return runtime.roll_back(back);
}

}  // namespace genepool::api

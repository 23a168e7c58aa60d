#include "suite/load_target.h"
#include "suite/phases.h"

namespace genepool::bench {
Result<void> over_http(const Workload& workload, const SuiteOptions& options, SuiteResult& result, const Progress& progress) {
  GENEPOOL_TRY_VOID(progress("over HTTP: loading the base"));
  Options serve{.data_dir = workload.dir.path(), .base = workload.base_path, .settings = options.settings};
  serve.settings.try_emplace("log.level", "warn");
  GENEPOOL_TRY(const std::unique_ptr<LoadTarget> server, serve_target(options.program, serve));
  const std::size_t stride = mixing_stride(workload.genomes.size());
  for (std::size_t i = 0; i < options.repeats; ++i) {
    const std::string& genome = workload.genomes[i * stride % workload.genomes.size()].name;
    GENEPOOL_TRY_VOID(progress(fmt::format("over HTTP: {} of {}", i + 1, options.repeats)));
    const auto ask = [&](std::string_view question) -> Result<Served> {
      Served served = server->ask(genome, std::string(question), options.tokens, monotonic_now());
      if (!served.error.empty()) return fail(Code::kInternal, "a request failed: {}", served.error);
      return served;
    };
    GENEPOOL_TRY_VOID(server->evict(genome, true));
    GENEPOOL_TRY(const Served cold, ask("Where is the ship?"));
    row_of(result, "http_first_token_cold").samples.push_back(cold.first_token_ms);
    GENEPOOL_TRY_VOID(server->evict(genome, false));
    GENEPOOL_TRY(const Served warm, ask("Who has seen the ship?"));
    row_of(result, "http_first_token_warm").samples.push_back(warm.first_token_ms);
    GENEPOOL_TRY(const Served hot, ask("When does the ship sail?"));
    row_of(result, "http_first_token_hot").samples.push_back(hot.first_token_ms);
    row_of(result, "http_total_hot").samples.push_back(hot.total_ms);
  }
  return {};
}

}  // namespace genepool::bench

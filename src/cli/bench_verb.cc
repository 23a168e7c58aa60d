// `bench`: the suite of bench/suite, its report to stdout, progress to stderr.
#include <fmt/core.h>

#include <fstream>

#include "cli/settings.h"
#include "cli/terminal.h"
#include "cli/verbs.h"
#include "suite/report.h"

namespace genepool::cli {
namespace {

Result<bench::SuiteOptions> suite_options(const Invocation& invocation, const Config& config) {
  bench::SuiteOptions options;
  options.is_quick = invocation.has("--quick");
  options.wants_answers = invocation.has("--show-answers");
  GENEPOOL_TRY(const std::int64_t repeats, invocation.count("--repeats", options.is_quick ? 4 : 10, 1, 10'000));
  GENEPOOL_TRY(const std::int64_t tokens, invocation.count("--tokens", 32, 1, 4096));
  options.repeats = static_cast<std::uint32_t>(repeats);
  options.tokens = static_cast<std::uint32_t>(tokens);
  // Everything that somebody has set goes to the pools, but for what the suite itself decides.
  for (const auto& [name, origin] : config.origins) {
    if (name == "server.data_dir" || name == "base.path") continue;
    GENEPOOL_TRY(options.settings[name], param_text(config, name));
  }
  return options;
}

Result<bench::WorkloadOptions> workload_options(const Invocation& invocation, const Config& config) {
  GENEPOOL_TRY(const std::int64_t rank, invocation.count("--generated", 0, 1, 256));
  return bench::WorkloadOptions{.base = config.base_path,
                                .user_data_dir = data_dir_of(config),
                                .layers_dir = invocation.text("--layers"),
                                .genomes_file = invocation.text("--genomes"),
                                .generated_rank = static_cast<std::uint64_t>(rank)};
}

Result<void> write_json(const std::string& path, const std::string& json) {
  std::ofstream file(path, std::ios::binary);
  file << json;
  if (!file.flush()) return fail_errno("write " + path, errno);
  return {};
}

}  // namespace

Result<int> verb_bench(const Invocation& invocation) {
  GENEPOOL_TRY(const Config config, settings_of(invocation));
  GENEPOOL_TRY(const bench::SuiteOptions options, suite_options(invocation, config));
  GENEPOOL_TRY(const bench::WorkloadOptions wanted, workload_options(invocation, config));
  StatusLine status;
  status.show("preparing layers and genomes");
  const bench::ReportHead head{bench::this_machine(), version_text(), config.engine_name};
  GENEPOOL_TRY(const bench::Workload workload, bench::prepare_workload(wanted));
  GENEPOOL_TRY(const bench::SuiteResult result,
               bench::run_suite(workload, options, [&](std::string_view stage) { status.show(stage); }));
  status.clear();
  const std::string json_file = invocation.text("--json");
  const std::string json = bench::report_json(head, workload, options, result);
  print(json_file == "-" ? json : bench::report_text(head, workload, options, result, colours_for(invocation)));
  if (!json_file.empty() && json_file != "-") GENEPOOL_TRY_VOID(write_json(json_file, json));
  return bench::all_pass(result.rows) ? 0 : 1;
}

}  // namespace genepool::cli

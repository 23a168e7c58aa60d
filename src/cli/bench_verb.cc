// `bench`: the suite of bench/suite, its report to stdout, progress to stderr.
#include <fmt/core.h>

#include <algorithm>
#include <filesystem>

#include "cli/command_table.h"
#include "cli/interrupt.h"
#include "cli/settings.h"
#include "cli/terminal.h"
#include "cli/text_files.h"
#include "cli/verbs.h"
#include "peers/peers.h"
#include "peers/peers_report.h"
#include "suite/costs_of_limits.h"
#include "suite/report.h"

namespace genepool::cli {
namespace {

std::string own_program() {
  std::error_code ignored;
  return std::filesystem::read_symlink("/proc/self/exe", ignored).string();
}

Result<bench::SuiteOptions> suite_options(const Invocation& invocation, const Config& config) {
  bench::SuiteOptions options;
  options.program = own_program();
  options.is_quick = invocation.has("--quick");
  options.is_http = invocation.has("--http");
  options.wants_answers = invocation.has("--show-answers");
  options.wants_advice = invocation.has("--recommend");
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

struct Report {
  std::string text, json, html;
};

// Stdout gets the table, or the JSON for "-"; files get JSON and the page beside the table.
Result<void> show(const Invocation& invocation, const Report& report) {
  const std::string json = invocation.text("--json"), html = invocation.text("--html");
  print(json == "-" ? report.json : report.text);
  if (!json.empty() && json != "-") GENEPOOL_TRY_VOID(write_text(json, report.json));
  return html.empty() ? Result<void>() : write_text(html, report.html);
}

// Shows what is measured now, and ends the run between two rounds after Ctrl-C.
class Watch {
 public:
  [[nodiscard]] bench::Progress progress() {
    return [this](std::string_view stage) -> Result<void> {
      if (interrupt_.is_asked()) return fail(Code::kCancelled, "interrupted");
      status_.show(stage);
      return {};
    };
  }
  void done() { status_.clear(); }

 private:
  StatusLine status_;
  InterruptRequest interrupt_;
};

std::vector<std::string> ids_of(std::string_view list) {
  const std::vector<std::string_view> ids = split(list, ',');
  return {ids.begin(), ids.end()};
}

Result<int> bench_peers(const Invocation& invocation, const Config& config) {
  GENEPOOL_TRY(bench::WorkloadOptions wanted, workload_options(invocation, config));
  if (wanted.generated_rank == 0) wanted.generated_rank = 16;  // files that both sides take as they are
  const bool is_quick = invocation.has("--quick");
  GENEPOOL_TRY(const std::int64_t rounds, invocation.count("--repeats", is_quick ? 2 : 5, 1, 1000));
  GENEPOOL_TRY(const std::int64_t tokens, invocation.count("--tokens", 32, 2, 1024));
  Watch watch;
  const bench::Progress progress = watch.progress();
  GENEPOOL_TRY_VOID(progress("preparing layers and genomes"));
  const bench::ReportHead head{bench::this_machine(), version_text(), config.engine_name};
  GENEPOOL_TRY(const bench::Workload workload, bench::prepare_workload(wanted));
  GENEPOOL_TRY_VOID(bench::check_room(head.machine, workload.base_bytes));
  bench::ArenaOptions options{.our_program = own_program(),
                              .stock = bench::find_stock_programs(invocation.text("--llama-server")),
                              .python = bench::find_python_peer(),
                              .rounds = static_cast<std::uint32_t>(rounds),
                              .tokens = static_cast<std::uint32_t>(tokens),
                              .progress = progress};
  GENEPOOL_TRY(bench::Arena arena, bench::Arena::make(workload, std::move(options)));
  GENEPOOL_TRY(const std::vector<bench::Contest> contests, bench::run_contests(arena, ids_of(invocation.text("--only"))));
  watch.done();
  GENEPOOL_TRY_VOID(show(invocation, {bench::peers_text(head, arena, contests, colours_for(invocation)),
                                      bench::peers_json(head, arena, contests), bench::peers_html(head, arena, contests)}));
  const auto is_good = [](const bench::Contest& contest) { return contest.note.empty() && contest.is_reached().value_or(true); };
  return std::ranges::all_of(contests, is_good) ? 0 : 1;
}

Result<int> bench_suite(const Invocation& invocation, const Config& config, bench::SuiteFunction suite) {
  GENEPOOL_TRY(const bench::SuiteOptions options, suite_options(invocation, config));
  GENEPOOL_TRY(const bench::WorkloadOptions wanted, workload_options(invocation, config));
  Watch watch;
  const bench::Progress progress = watch.progress();
  GENEPOOL_TRY_VOID(progress("preparing layers and genomes"));
  const bench::ReportHead head{bench::this_machine(), version_text(), config.engine_name};
  GENEPOOL_TRY(const bench::Workload workload, bench::prepare_workload(wanted));
  GENEPOOL_TRY_VOID(bench::check_room(head.machine, workload.base_bytes));
  const bench::SuiteResult result = suite(workload, options, progress);
  watch.done();
  GENEPOOL_TRY_VOID(show(invocation, {bench::report_text(head, workload, options, result, colours_for(invocation)),
                                      bench::report_json(head, workload, options, result),
                                      bench::report_html(head, workload, options, result)}));
  if (invocation.has("--costs")) {
    GENEPOOL_TRY(const StageCosts costs, bench::costs_of_limits(result, workload));
    GENEPOOL_TRY_VOID(write_text(invocation.text("--costs"), stage_costs_text(costs)));
  }
  return result.is_good() ? 0 : 1;
}

}  // namespace

Result<int> verb_bench(const Invocation& invocation) {
  GENEPOOL_TRY(const Config config, settings_of(invocation));
  const std::string& suite = invocation.argument("SUITE");
  if (invocation.has("--http") && suite != "load") return fail(Code::kUsage, "--http belongs to the suite load");
  if (suite == "peers") return bench_peers(invocation, config);
  if (invocation.has("--costs") && !suite.empty() && suite != "limits") return fail(Code::kUsage, "--costs belongs to the suite limits");
  if (invocation.has("--only")) return fail(Code::kUsage, "--only belongs to the suite peers");
  if (suite.empty() || suite == "limits") return bench_suite(invocation, config, bench::run_limits);
  if (suite == "scale") return bench_suite(invocation, config, bench::run_scale);
  if (suite == "manager") return bench_suite(invocation, config, bench::run_manager);
  if (suite == "load") return bench_suite(invocation, config, bench::run_load);
  return fail(Code::kUsage, "there is no suite \"{}\", only limits, load, manager, scale and peers", suite);
}

}  // namespace genepool::cli

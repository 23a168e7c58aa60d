// `simulate`: traces through the server's own deciders in virtual time.
#include <fmt/core.h>

#include <algorithm>
#include <atomic>

#include "cli/settings.h"
#include "cli/simulate_views.h"
#include "cli/terminal.h"
#include "cli/text_files.h"
#include "cli/trace_source.h"
#include "cli/verbs.h"
#include "manager/settings_of_config.h"
#include "pool/knobs_of_config.h"

namespace genepool::cli {
namespace {

// Bytes where a setting of 0 would ask this machine.
constexpr KnobDefaults kNoLimits{.hot_bytes = std::uint64_t{1} << 50, .warm_bytes = std::uint64_t{1} << 50};

Result<void> show(const Invocation& invocation, const std::string& text, const std::string& json) {
  const std::string file = invocation.text("--json");
  print(file == "-" ? json : text);
  return file.empty() || file == "-" ? Result<void>() : write_text(file, json);
}

Result<int> show_targets(const Invocation& invocation) {
  StatusLine status;
  const TargetReport report = measure_targets([&](std::string_view what, std::size_t done, std::size_t of) { status.show(fmt::format("{}: {} of {}", what, done, of)); });
  status.clear();
  GENEPOOL_TRY_VOID(show(invocation, targets_text(report, colours_for(invocation)), targets_json(report)));
  const bool is_missed = std::ranges::any_of(report.rows, [](const TargetRow& row) { return row.verdict == Verdict::kMissed; });
  return is_missed ? 1 : 0;
}

Result<std::unique_ptr<CostModel>> costs_of(const std::string& flag) {
  if (flag == "unit") return make_fixed_costs({});
  if (flag.empty()) return make_measured_costs(shipped_stage_costs());
  GENEPOOL_TRY(const std::string text, read_text(flag));
  const Result<StageCosts> costs = parse_stage_costs(text);
  if (!costs) return fail(Code::kUsage, "{}: {}", flag, costs.error().message);
  return make_measured_costs(*costs);
}

Result<std::vector<Fault>> faults_of(const Invocation& invocation, const Trace& trace) {
  if (!invocation.has("--faults")) return std::vector<Fault>{};
  const std::string file = invocation.text("--faults");
  GENEPOOL_TRY(const std::string text, read_text(file));
  Result<std::vector<Fault>> faults = parse_faults(text, trace);
  if (!faults) return fail(Code::kUsage, "{}: {}", file, faults.error().message);
  return faults;
}

Result<std::vector<Contender>> contenders_of(const Invocation& invocation, const Config& config) {
  std::vector<Contender> contenders;
  const bool wants_all = invocation.text("--compare") == "all";
  const std::string list = wants_all ? "" : invocation.text("--compare");
  if (!invocation.has("--compare")) return std::vector{Contender{config.pool_policy, *policy_from(config.pool_policy), manager_settings_of(config, kNoLimits)}};
  for (std::size_t i = 0; wants_all && i < kPolicyKinds; ++i) {
    GENEPOOL_TRY(contenders.emplace_back(), parse_contender(policy_name(static_cast<PolicyKind>(i))));
  }
  for (const std::string_view name : split(list, ',')) {
    GENEPOOL_TRY(contenders.emplace_back(), parse_contender(name));
  }
  if (contenders.empty()) return fail(Code::kUsage, "compare what? Policies separated by commas, like lru,tournament, or all");
  return contenders;
}

}  // namespace

Result<int> verb_simulate(const Invocation& invocation) {
  const std::string& source = invocation.argument("TRACE");
  if (invocation.has("--targets") && !source.empty()) return fail(Code::kUsage, "--targets measures on traces of its own, not on {}", source);
  if (invocation.has("--targets")) return show_targets(invocation);
  if (source.empty()) return fail(Code::kUsage, "simulate what? A trace's file, a profile's name (genepool trace profiles), or --targets");
  GENEPOOL_TRY(const Config config, settings_of(invocation));
  GENEPOOL_TRY(const std::int64_t seed, invocation.count("--seed", 1, 0, std::int64_t{1} << 62));
  GENEPOOL_TRY(const std::unique_ptr<CostModel> costs, costs_of(invocation.text("--costs")));
  GENEPOOL_TRY(const std::vector<Contender> contenders, contenders_of(invocation, config));
  GENEPOOL_TRY(const ReadTrace read, load_trace(source, static_cast<std::uint64_t>(seed)));
  const Trace& trace = read.trace;
  GENEPOOL_TRY(const std::vector<Fault> faults, faults_of(invocation, trace));
  SimulationOptions options{.knobs = knobs_of(config, kNoLimits),
                            .manager = manager_settings_of(config, kNoLimits),
                            .costs = costs.get(),
                            .seed = static_cast<std::uint64_t>(seed),
                            .patience = std::chrono::milliseconds(config.pool_deadline),
                            .faults = faults};
  if (invocation.has("--hints")) {
    GENEPOOL_TRY(const std::int64_t early_ms, parse_millis(invocation.text("--hints")));
    options.hint_ahead = std::chrono::milliseconds(early_ms);
  }
  StatusLine status;
  std::atomic<std::size_t> steps = 0;
  options.on_progress = [&] {
    const std::size_t done = ++steps * SimulationOptions::kProgress, of = trace.requests.size() * contenders.size();
    status.show(fmt::format("simulating: {} of {} requests", human_count(done), human_count(of)));
  };
  const std::vector<Contest> contests = compare(trace, options, contenders);
  status.clear();
  const Regret regret = regret_of(trace, options, contests.front().result);
  const double seconds = trace.requests.empty() ? 0 : trace.requests.back().t_seconds;
  const SimulatedTrace head{source, trace.requests.size(), trace.genomes.size(), seconds};
  const auto text = [&](Colours colours) {
    return contests.size() == 1 ? simulation_text(head, contests[0].contender, contests[0].result, regret, colours)
                                : comparison_text(head, contests, regret, colours);
  };
  if (invocation.has("--html")) {
    GENEPOOL_TRY_VOID(write_text(invocation.text("--html"), simulation_html(head, contests, text(Colours::kPlain))));
  }
  GENEPOOL_TRY_VOID(show(invocation, text(colours_for(invocation)), simulation_json(head, contests, regret)));
  return 0;
}

}  // namespace genepool::cli

#include "sim/prediction_targets.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <map>

#include "manager/predictor.h"
#include "sim/parallel.h"
#include "sim/simulation.h"
#include "trace/generate.h"

namespace genepool {
namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t kSmall[] = {3, 5, 10};
constexpr PolicyKind kBases[] = {PolicyKind::kLru, PolicyKind::kMarkov, PolicyKind::kTournament};

TargetRow row(std::string id, std::string what, std::string goal, std::string reached, bool is_met) {
  return {std::move(id), std::move(what), std::move(goal), std::move(reached), is_met ? Verdict::kMet : Verdict::kMissed};
}

// One way of guessing, on every profile, seed and size.
struct Run {
  std::string_view profile;
  std::uint64_t seed = 1;
  std::uint32_t places = 0;
  PolicyKind base = PolicyKind::kLru;
  PrefetchRule prefetch = PrefetchRule::kOff;
  Duration hint_ahead{};
  SimulationResult result;
};

void run_all(std::vector<Run>& runs, std::string_view what, const TargetProgress& progress) {
  static const auto costs = make_fixed_costs({});
  std::atomic<std::size_t> done{0};
  for_each_index(runs.size(), [&](std::size_t i) {
    Run& run = runs[i];
    const Result<Trace> trace = generate(*find_profile(run.profile), {.seed = run.seed});
    GENEPOOL_CHECK(trace.has_value(), "a shipped profile");
    run.result = simulate(*trace, {.knobs = unit_knobs(run.places, run.base),
                                   .manager = {.sizing = SizingRule::kFixed, .prefetch = run.prefetch},
                                   .costs = costs.get(),
                                   .hint_ahead = run.hint_ahead});
    progress(what, ++done, runs.size());
  });
}

// Of the seeds of one cell: misses with guesses / misses without, and how the guesses fared.
struct Cell {
  double with = 0, without = 0, worst = 0, precision = 0, open_share = 0;
  [[nodiscard]] double fewer() const { return 1 - with / without; }
};

Cell cell_of(const MissGrid& grid, std::span<const Run> runs, std::string_view profile, std::uint32_t places, PolicyKind base) {
  Cell cell{.worst = -1};
  double used = 0, decided = 0, open = 0;
  for (const Run& run : runs) {
    if (run.profile != profile || run.places != places || run.base != base) continue;
    const auto with = static_cast<double>(run.result.misses()), without = static_cast<double>(grid.misses(profile, run.seed, places, base));
    cell.with += with;
    cell.without += without;
    cell.worst = std::max(cell.worst, with / without - 1);
    used += static_cast<double>(run.result.manager.guesses.used);
    decided += static_cast<double>(run.result.manager.guesses.used + run.result.manager.guesses.wasted);
    open += run.result.manager.gate_open_share / static_cast<double>(kSeeds);
  }
  cell.precision = decided > 0 ? used / decided : 0;
  cell.open_share = open;
  return cell;
}

std::vector<TargetRow> mixture_rows() {
  std::vector<TargetRow> rows;
  for (const Profile& profile : profiles()) {
    double mixture = 0;
    std::map<std::string_view, double> voices;
    for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
      const Result<Trace> trace = generate(profile, {.seed = seed});
      GENEPOOL_CHECK(trace.has_value(), "a shipped profile");
      Predictor predictor(base_voices());
      for (const TraceRequest& request : trace->requests) {
        predictor.observe(request.genome, {.now = from_ms(request.t_seconds * 1e3), .week_hour = static_cast<std::uint32_t>(request.t_seconds / 3600) % 168});
      }
      mixture += predictor.mixture().log_loss() / static_cast<double>(kSeeds);
      for (std::size_t i = 0; i < predictor.voice_names().size(); ++i) {
        voices[predictor.voice_names()[i]] += predictor.mixture().log_loss_of(i) / static_cast<double>(kSeeds);
      }
    }
    const auto best = std::ranges::min_element(voices, {}, [](const auto& voice) { return voice.second; });
    const double goal = profile.name == "model-skew" || profile.name == "drift" ? .98 : 1.01;
    rows.push_back(row("F1", fmt::format("{}: log-loss of the mixture / of the best voice, 8 seeds", profile.name), fmt::format("<= {}", goal),
                       fmt::format("{:.3f} ({:.2f}, {} {:.2f})", mixture / best->second, mixture, best->first, best->second),
                       mixture / best->second <= goal));
  }
  return rows;
}

std::vector<TargetRow> prefetch_rows(const MissGrid& grid, const TargetProgress& progress) {
  std::vector<Run> runs;
  for (const Profile& profile : profiles()) {
    for (const std::uint32_t places : kSmall) {
      for (const PolicyKind base : kBases) {
        for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
          runs.push_back({.profile = profile.name, .seed = seed, .places = places, .base = base, .prefetch = PrefetchRule::kGated});
        }
      }
    }
  }
  run_all(runs, "F2, F3", progress);
  std::vector<TargetRow> rows;
  struct Goal {
    std::uint32_t places;
    double fewer, precision;
  };
  for (const Goal& goal : {Goal{3, 0, 0}, Goal{5, .05, .45}, Goal{10, .03, 0}}) {
    const Cell cell = cell_of(grid, runs, "model-skew", goal.places, PolicyKind::kLru);
    rows.push_back(row("F2", fmt::format("gated prefetch on LRU: fewer misses, model-skew, k = {}", goal.places),
                       fmt::format(">= {:.0f} %{}", 100 * goal.fewer, goal.precision > 0 ? fmt::format(" at precision >= {}", goal.precision) : ""),
                       fmt::format("{:.1f} % at {:.2f}", 100 * cell.fewer(), cell.precision), cell.fewer() >= goal.fewer && cell.precision >= goal.precision));
  }
  double worst = -1;
  std::string where;
  for (const Run& run : runs) {
    const double more = static_cast<double>(run.result.misses()) / static_cast<double>(grid.misses(run.profile, run.seed, run.places, run.base)) - 1;
    if (more <= worst) continue;
    worst = more;
    where = fmt::format("{}, seed {}, k = {}, {}", run.profile, run.seed, run.places, policy_name(run.base));
  }
  rows.push_back(row("F3", "gated prefetch: more misses, any profile, seed, k = 3, 5, 10, on lru, markov, tournament", "<= 0.5 %",
                     fmt::format("{:.2f} % ({})", 100 * worst, where), worst <= .005));
  double open = 0;
  for (const std::uint32_t places : kSmall) {
    for (const PolicyKind base : kBases) open = std::max(open, cell_of(grid, runs, "persona-sessions", places, base).open_share);
  }
  rows.push_back(row("F3", "gate open on persona-sessions, most of any k and base", "< 2 %", fmt::format("{:.2f} %", 100 * open), open < .02));
  for (const PolicyKind base : kBases) {
    std::string text;
    for (const Profile& profile : profiles()) {
      for (const std::uint32_t places : kSmall) text += fmt::format("{}{:.1f}", places == 3 ? "  " : "/", -100 * cell_of(grid, runs, profile.name, places, base).fewer());
    }
    rows.push_back({"F3", fmt::format("change of misses in %, each profile at k = 3/5/10, on {}", policy_name(base)), "", text, Verdict::kInfo});
  }
  return rows;
}

std::vector<TargetRow> hint_rows(const MissGrid& grid, const TargetProgress& progress) {
  std::vector<Run> runs;
  for (const std::string_view profile : {"model-skew", "persona-sessions"}) {
    for (const std::uint32_t places : {5U, 10U}) {
      for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
        runs.push_back({.profile = profile, .seed = seed, .places = places, .hint_ahead = 5s});
      }
    }
  }
  run_all(runs, "F4", progress);
  std::vector<TargetRow> rows;
  for (const auto& [profile, goal] : {std::pair{std::string_view("model-skew"), .25}, {std::string_view("persona-sessions"), .50}}) {
    const Cell five = cell_of(grid, runs, profile, 5, PolicyKind::kLru), ten = cell_of(grid, runs, profile, 10, PolicyKind::kLru);
    rows.push_back(row("F4", fmt::format("sessions announced by name 5 s early: misses removed, {}, k = 5, 10", profile), fmt::format(">= {:.0f} %", 100 * goal),
                       fmt::format("{:.1f} %, {:.1f} %", 100 * five.fewer(), 100 * ten.fewer()), std::min(five.fewer(), ten.fewer()) >= goal));
  }
  return rows;
}

std::vector<TargetRow> founding_rows(const MissGrid& grid, const TargetProgress& progress) {
  std::vector<Run> runs;
  for (const std::string_view profile : {"model-skew", "drift", "persona-sessions"}) {
    for (const std::uint32_t places : {5U, 10U}) {
      for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
        runs.push_back({.profile = profile, .seed = seed, .places = places, .prefetch = PrefetchRule::kFounding});
      }
    }
  }
  run_all(runs, "F5", progress);
  std::int64_t most = 0, sum = 0;
  for (const Run& run : runs) {
    const auto change = static_cast<std::int64_t>(run.result.misses()) - static_cast<std::int64_t>(grid.misses(run.profile, run.seed, run.places, run.base));
    most = std::max(most, std::abs(change));
    sum += change;
  }
  return {row("F5", "the founding document's prewarm (most used of the last hour, above .7), k = 5, 10: change of misses", "within 3 of none",
              fmt::format("{:+d} in {} traces, at most {} in one", sum, runs.size(), most), most <= 3)};
}

}  // namespace

std::vector<TargetRow> prediction_targets(const MissGrid& grid, const TargetProgress& progress) {
  std::vector<TargetRow> rows = mixture_rows();
  const auto add = [&](std::vector<TargetRow> more) { std::ranges::move(more, std::back_inserter(rows)); };
  add(prefetch_rows(grid, progress));
  add(hint_rows(grid, progress));
  add(founding_rows(grid, progress));
  return rows;
}

}  // namespace genepool

#include "sim/breaker_targets.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <functional>
#include <iterator>

#include "pool/breaker_table.h"
#include "sim/miss_grid.h"
#include "sim/parallel.h"
#include "sim/simulation.h"
#include "trace/generate.h"

namespace genepool {
namespace {

TargetRow transitions_row() {
  std::size_t right = 0;
  std::string wrong;
  for (const BreakerStory& story : breaker_stories()) {
    const std::string what = what_is_wrong(story);
    right += what.empty() ? 1 : 0;
    if (!what.empty()) wrong += fmt::format("; {}: {}", story.what, what);
  }
  const std::size_t all = breaker_stories().size();
  return {"R1", "breaker: transitions of its table, by a clock of their own", "each", fmt::format("{} of {}{}", right, all, wrong), right == all ? Verdict::kMet : Verdict::kMissed};
}

// ------------------------------------------------------------------------------------------------------------ R2
constexpr std::uint64_t kRequests = 6000;
constexpr double kSlower = 10;
constexpr double kBusy = 30;  // times the profiles' own rates: the machine has little to spare
constexpr std::string_view kProfiles[] = {"model-skew", "drift", "lora-head", "slora-0.3"};  // no persona is asked for often enough

// In the middle of a trace a genome becomes slow: the one of that rank among those asked for, 0 = the most.
struct Case {
  std::string_view profile;
  std::uint64_t seed = 1;
  std::size_t rank = 0;
  double speed = 1;  // times the profile's rate
};
struct Outcome {
  bool is_kept_out = false;
  std::uint64_t answers = 0, let_in = 0;        // of it, slow: until it was kept out
  double moved = 0;                             // the p95 of the others' answers with the fault / without - 1
};

std::uint32_t genome_of_rank(const Trace& trace, std::size_t rank) {
  std::vector<std::pair<std::uint64_t, std::uint32_t>> uses(trace.genomes.size());
  for (std::uint32_t i = 0; i < uses.size(); ++i) uses[i].second = i;
  for (const TraceRequest& request : trace.requests) ++uses[request.genome].first;
  std::ranges::sort(uses, std::greater{});
  return uses.at(rank).second;
}

Knobs server_knobs() {
  Knobs knobs;
  knobs.max_hot = 5;
  knobs.hot_bytes = knobs.warm_bytes = std::uint64_t{1} << 50;
  knobs.hot_policy = knobs.warm_policy = PolicyKind::kTournament;
  knobs.stuck_after = std::chrono::seconds(10);
  return knobs;
}

// What the answers after the fault were like.
struct Side {
  Quantiles others;
  std::vector<SimulatedAnswer> victims;
};

Outcome outcome_of(const Side& without, const Side& with, const SimulationResult& result, const std::string& victim, Instant began, Instant broken) {
  Outcome outcome{.moved = with.others.at(.95) / without.others.at(.95) - 1};
  for (const BreakerMove& move : result.breaker_moves) {
    const Instant at = began + from_ms(move.t_seconds * 1e3) + std::chrono::microseconds(1);  // what was rounded off
    if (move.genome != victim || move.change.to != BreakerState::kOpen || at < broken) continue;
    outcome.is_kept_out = true;
    outcome.answers = static_cast<std::uint64_t>(std::ranges::count_if(with.victims, [&](const SimulatedAnswer& a) { return a.ended <= at; }));
    outcome.let_in = static_cast<std::uint64_t>(std::ranges::count_if(with.victims, [&](const SimulatedAnswer& a) { return a.granted <= at; }));
    break;
  }
  return outcome;
}

Outcome measure(const Case& it) {
  const Result<Trace> trace = generate(*find_profile(it.profile), {.seed = it.seed, .requests = kRequests, .speed = it.speed});
  GENEPOOL_CHECK(trace.has_value(), "a shipped profile");
  const auto instant_of = [&](std::size_t request) { return from_ms(trace->requests[request].t_seconds * 1e3); };
  const Instant began = instant_of(0), broken = instant_of(kRequests / 2);
  const std::uint32_t victim = genome_of_rank(*trace, it.rank);
  const std::vector<Fault> script{{.kind = FaultKind::kAnswersSlow, .from = broken - began, .amount = kSlower, .genome = victim}};
  static const auto costs = make_measured_costs(shipped_stage_costs());
  const auto run = [&](std::span<const Fault> faults, Side& side) {
    const auto on_answer = [&](const SimulatedAnswer& a) {
      if (a.genome == victim && a.granted >= broken) side.victims.push_back(a);
      if (a.genome != victim && a.arrived >= broken) side.others.add(to_ms(a.ended - a.arrived) / 1e3);
    };
    return simulate(*trace, {.knobs = server_knobs(), .costs = costs.get(), .seed = it.seed, .faults = faults, .on_answer = on_answer});
  };
  Side without, with;
  (void)run({}, without);
  const SimulationResult result = run(script, with);
  return outcome_of(without, with, result, trace->genomes[victim].name, began, broken);
}

// The most that anything did, and where.
struct Worst {
  double value = 0;
  std::string where;
  void see(double seen, const Case& it) {
    if (!where.empty() && std::abs(seen) <= std::abs(value)) return;
    value = seen;
    where = fmt::format("{} x {:.0f}, seed {}, rank {}", it.profile, it.speed, it.seed, it.rank + 1);
  }
};

std::vector<TargetRow> slowness_rows(const TargetProgress& progress) {
  std::vector<Case> cases;
  for (const std::string_view profile : kProfiles) {
    for (const double speed : {1.0, 10.0, kBusy}) {
      for (const std::size_t rank : {0U, 2U, 7U}) {
        for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) cases.push_back({profile, seed, rank, speed});
      }
    }
  }
  std::vector<Outcome> outcomes(cases.size());
  std::atomic<std::size_t> done{0};
  for_each_index(cases.size(), [&](std::size_t i) {
    outcomes[i] = measure(cases[i]);
    progress("R2", ++done, cases.size());
  });
  Worst answers, let_in, moved;
  std::size_t missed = 0;
  double busy_least = 0, busy_most = 0;
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const Outcome& outcome = outcomes[i];
    missed += outcome.is_kept_out ? 0 : 1;
    answers.see(static_cast<double>(outcome.answers), cases[i]);
    let_in.see(static_cast<double>(outcome.let_in), cases[i]);
    if (cases[i].speed < kBusy) {
      moved.see(outcome.moved, cases[i]);
    } else {
      busy_least = std::min(busy_least, outcome.moved);
      busy_most = std::max(busy_most, outcome.moved);
    }
  }
  const std::string what = fmt::format("a genome becomes {:.0f} x slower, {} traces: ", kSlower, cases.size());
  return {{"R2", what + "it is kept out after", "<= 5 answers", fmt::format("at most {:.0f} ({}), {:.0f} let in by then{}", answers.value, answers.where, let_in.value, missed > 0 ? fmt::format("; {} times never", missed) : ""),
           answers.value <= 5 && missed == 0 ? Verdict::kMet : Verdict::kMissed},
          {"R2", "the p95 of the others' answers moves, at 1 and 10 x the profiles' rates", "< 10 %", fmt::format("{:+.1f} % ({})", 100 * moved.value, moved.where),
           std::abs(moved.value) < .1 ? Verdict::kMet : Verdict::kMissed},
          {"R2", fmt::format("the same at {:.0f} x, where who is kept out leaves room", kBusy), "", fmt::format("{:+.1f} to {:+.1f} %", 100 * busy_least, 100 * busy_most), Verdict::kInfo}};
}

}  // namespace

std::vector<TargetRow> breaker_targets(const TargetProgress& progress) {
  std::vector<TargetRow> rows{transitions_row()};
  std::ranges::move(slowness_rows(progress), std::back_inserter(rows));
  return rows;
}

}  // namespace genepool

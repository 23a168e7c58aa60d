#include "sim/policy_targets.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>

#include "sim/parallel.h"
#include "sim/simulation.h"
#include "trace/belady.h"
#include "trace/generate.h"

namespace genepool {
namespace {

constexpr std::array kExperts = {PolicyKind::kLru,     PolicyKind::kGreedyDual, PolicyKind::kGdsf, PolicyKind::kDecay10m,
                                 PolicyKind::kDecay1d, PolicyKind::kMarkov,     PolicyKind::kMru};

TargetRow row(std::string id, std::string what, std::string goal, std::string reached, bool is_met) {
  return {std::move(id), std::move(what), std::move(goal), std::move(reached), is_met ? Verdict::kMet : Verdict::kMissed};
}

Trace trace_of(std::span<const std::uint32_t> uses, std::uint32_t genomes) {
  Trace trace;
  for (std::uint32_t i = 0; i < genomes; ++i) trace.genomes.push_back({fmt::format("g{}", i), 0, 0});
  for (const std::uint32_t genome : uses) {
    trace.requests.push_back({60.0 * static_cast<double>(trace.requests.size()), genome, kNoUser, 0, 0});
  }
  return trace;
}

std::vector<std::uint32_t> letters(std::string_view text) {
  std::vector<std::uint32_t> uses;
  for (const char letter : text) uses.push_back(static_cast<std::uint32_t>(letter - 'A'));
  return uses;
}

// Two independent implementations outside this project agree on every cell.
TargetRow golden_table() {
  struct Column {
    PolicyKind policy;
    std::array<std::uint64_t, 3> misses;
  };
  constexpr Column kColumns[] = {
      {PolicyKind::kLru, {22, 20, 14}},       {PolicyKind::kFifo, {23, 24, 15}},    {PolicyKind::kMru, {18, 15, 13}},
      {PolicyKind::kGreedyDual, {22, 20, 14}}, {PolicyKind::kGdsf, {20, 16, 12}},   {PolicyKind::kDecay10m, {17, 16, 10}},
      {PolicyKind::kDecay1d, {17, 16, 10}},   {PolicyKind::kMarkov, {17, 15, 10}},  {PolicyKind::kTournament, {20, 16, 14}}};
  constexpr std::array<std::uint64_t, 3> kBelady = {16, 12, 9};
  const std::vector<std::uint32_t> uses = letters("ABCADABEABCDEFAABGCDABHBACIABD");
  const Trace trace = trace_of(uses, 9);
  int right = 0, cells = 0;
  for (std::uint32_t i = 0; i < 3; ++i) {
    right += min_misses(uses, i + 3) == kBelady.at(i) ? 1 : 0;
    for (const Column& column : kColumns) right += unit_misses(trace, i + 3, column.policy) == column.misses.at(i) ? 1 : 0;
    cells += 1 + static_cast<int>(std::size(kColumns));
  }
  return row("P1", "golden table: MIN and nine policies at k = 3, 4, 5", "exact", fmt::format("{} of {} cells", right, cells), right == cells);
}

TargetRow nobody_beats_belady(const TargetProgress& progress) {
  constexpr std::size_t kTraces = 1000;
  std::atomic<std::size_t> done{0}, violations{0};
  for_each_index(kTraces, [&](std::size_t i) {
    Random random(i);
    const auto genomes = static_cast<std::uint32_t>(2 + random.below(14));
    std::vector<std::uint32_t> uses(20 + random.below(180));
    for (std::uint32_t& use : uses) use = static_cast<std::uint32_t>(std::min(random.below(genomes), random.below(genomes)));
    const Trace trace = trace_of(uses, genomes);
    for (std::uint32_t places = 1; places <= 8; ++places) {
      const std::uint64_t least = min_misses(uses, places);
      for (std::size_t kind = 0; kind < kPolicyKinds; ++kind) {
        if (unit_misses(trace, places, static_cast<PolicyKind>(kind)) < least) ++violations;
      }
    }
    progress("P2", ++done, kTraces);
  });
  return row("P2", "MIN <= every policy, 1,000 random traces, k = 1 to 8", "0 violations", fmt::format("{}", violations.load()), violations == 0);
}

// The miss ratios that the profiles were fitted to: LRU and MIN at k = 3, 5, 10, 20.
std::vector<TargetRow> twins(const MissGrid& grid) {
  struct Reference {
    std::string_view profile;
    std::array<double, 4> lru, belady;
  };
  constexpr Reference kReferences[] = {{"model-skew", {.451, .268, .109, .041}, {.309, .167, .063, .022}},
                                       {"drift", {.481, .299, .134, .060}, {.331, .187, .080, .033}},
                                       {"persona-sessions", {.618, .444, .272, .233}, {.443, .304, .223, .200}},
                                       {"lora-head", {.322, .202, .160, .142}, {.238, .162, .124, .099}},
                                       {"slora-0.3", {.955, .927, .864, .758}, {.822, .741, .619, .483}}};
  std::vector<TargetRow> rows;
  for (const Reference& reference : kReferences) {
    double worst = 0;
    std::string text;
    for (std::size_t i = 0; i < std::size(kPlaces); ++i) {
      const double lru = grid.ratio(reference.profile, kPlaces[i], PolicyKind::kLru), belady = grid.belady_ratio(reference.profile, kPlaces[i]);
      worst = std::max({worst, std::abs(lru / reference.lru.at(i) - 1), std::abs(belady / reference.belady.at(i) - 1)});
      text += fmt::format(" {:.3f}/{:.3f}", lru, belady);
    }
    rows.push_back(row("P3", fmt::format("{}: LRU/MIN at k = 3, 5, 10, 20, 8 seeds", reference.profile), "within 5 % of the reference",
                       fmt::format("{:.1f} %:{}", 100 * worst, text), worst <= 0.05));
  }
  return rows;
}

std::vector<TargetRow> against_best_expert(const MissGrid& grid) {
  std::vector<TargetRow> rows;
  for (const std::uint32_t places : kPlaces) {
    double worst = 0;
    std::string text;
    for (const Profile& profile : profiles()) {
      double best = 1;
      for (const PolicyKind expert : kExperts) best = std::min(best, grid.ratio(profile.name, places, expert));
      const double ratio = grid.ratio(profile.name, places, PolicyKind::kTournament) / best;
      worst = std::max(worst, ratio);
      text += fmt::format(" {:.3f}", ratio);
    }
    const double goal = places == 20 ? 1.03 : 1.02;
    rows.push_back(row("P4", fmt::format("tournament / best single expert, k = {}, each profile", places), fmt::format("<= {}", goal),
                       fmt::format("{:.3f}:{}", worst, text), worst <= goal));
  }
  return rows;
}

std::vector<TargetRow> against_lru(const MissGrid& grid) {
  std::vector<TargetRow> rows;
  struct Goal {
    std::uint32_t places;
    double fewer, closed;
  };
  for (const Goal& goal : {Goal{5, .08, .20}, Goal{10, .12, .29}}) {
    const double lru = grid.ratio("model-skew", goal.places, PolicyKind::kLru), mine = grid.ratio("model-skew", goal.places, PolicyKind::kTournament);
    const double fewer = 1 - mine / lru, closed = (lru - mine) / (lru - grid.belady_ratio("model-skew", goal.places));
    double least = 1;
    for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
      least = std::min(least, 1 - static_cast<double>(grid.misses("model-skew", seed, goal.places, PolicyKind::kTournament)) /
                                      static_cast<double>(grid.misses("model-skew", seed, goal.places, PolicyKind::kLru)));
    }
    rows.push_back(row("P5", fmt::format("tournament: fewer misses than LRU, model-skew, k = {}", goal.places),
                       fmt::format(">= {:.0f} %, any seed >= 7 %, gap to MIN closed >= {:.0f} %", 100 * goal.fewer, 100 * goal.closed),
                       fmt::format("{:.1f} %, least {:.1f} %, gap {:.0f} %", 100 * fewer, 100 * least, 100 * closed),
                       fewer >= goal.fewer && least >= .07 && closed >= goal.closed));
  }
  double worst = 0;
  for (const std::string_view profile : {"persona-sessions", "lora-head"}) {
    for (const std::uint32_t places : kPlaces) {
      for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
        worst = std::max(worst, static_cast<double>(grid.misses(profile, seed, places, PolicyKind::kTournament)) /
                                        static_cast<double>(grid.misses(profile, seed, places, PolicyKind::kLru)) - 1);
      }
    }
  }
  rows.push_back(row("P6", "tournament: more misses than LRU, persona-sessions and lora-head, any seed and k", "<= 1 %",
                     fmt::format("{:.2f} %", 100 * worst), worst <= .01));
  return rows;
}

std::vector<TargetRow> rotation() {
  std::vector<std::uint32_t> uses;
  for (std::uint32_t i = 0; i < 100; ++i) uses.push_back(i % 10);
  const Trace trace = trace_of(uses, 10);
  std::vector<TargetRow> rows;
  for (const auto& [places, goal] : {std::pair{3U, 80U}, {5U, 60U}}) {
    const std::uint64_t misses = unit_misses(trace, places, PolicyKind::kTournament);
    rows.push_back(row("P7", fmt::format("100 requests over 10 genomes in turn, k = {} (LRU {}, fill_once {})", places,
                                         unit_misses(trace, places, PolicyKind::kLru), unit_misses(trace, places, PolicyKind::kFillOnce)),
                       fmt::format("{} misses", goal), fmt::format("{}", misses), misses == goal));
  }
  return rows;
}

// Each genome of one of six sizes, its load dearer the bigger it is; a budget of bytes instead of places.
struct Sized {
  Trace trace;
  std::vector<double> load_seconds;
};

Sized sized(const Profile& profile, std::uint64_t draw) {
  constexpr std::array kMb = {10, 20, 40, 80, 160, 320};
  Result<Trace> trace = generate(profile, {.seed = draw});
  GENEPOOL_CHECK(trace.has_value(), "a shipped profile");
  Sized sized{std::move(*trace), {}};
  Random random(1000 + draw);
  for (TraceGenome& genome : sized.trace.genomes) {
    const int mb = kMb.at(random.below(kMb.size()));
    genome.bytes = static_cast<std::uint64_t>(mb) * 1'000'000;
    sized.load_seconds.push_back(.3 + mb / 100.0 * (.5 + random.uniform()));
  }
  return sized;
}

// Seconds of load, if each miss costs what its genome's load does.
double load_cost(const Sized& traffic, std::uint32_t slots, PolicyKind policy) {
  std::vector<double> tiny = traffic.load_seconds;
  for (double& seconds : tiny) seconds *= 1e-6;  // over before the next request comes
  const auto costs = make_fixed_costs(tiny);
  Knobs knobs = unit_knobs(1U << 16, policy);
  knobs.hot_bytes = std::max<std::uint64_t>(60'000'000ULL * slots, 320'000'000);
  return 1e6 * simulate(traffic.trace, {.knobs = knobs, .costs = costs.get()}).load_seconds;
}

std::vector<TargetRow> sizes(const TargetProgress& progress) {
  struct Goal {
    std::string_view profile;
    double most;
  };
  std::vector<TargetRow> rows;
  for (const Goal& goal : {Goal{"model-skew", .94}, Goal{"persona-sessions", 1.005}}) {
    std::array<double, kSeeds> ratios{};
    std::atomic<std::size_t> done{0};
    for_each_index(kSeeds, [&](std::size_t i) {
      const Sized traffic = sized(*find_profile(goal.profile), i + 1);
      ratios.at(i) = load_cost(traffic, 10, PolicyKind::kTournament) / load_cost(traffic, 10, PolicyKind::kLru);
      progress("P8", ++done, kSeeds);
    });
    double mean = 0;
    for (const double ratio : ratios) mean += ratio / static_cast<double>(kSeeds);
    const auto [least, most] = std::ranges::minmax(ratios);
    rows.push_back(row("P8", fmt::format("sizes 10 to 320 MB, room for 10 on average, {}, 8 draws: load cost / LRU's", goal.profile),
                       fmt::format("<= {}", goal.most), fmt::format("{:.3f} ({:.3f} to {:.3f})", mean, least, most), mean <= goal.most));
  }
  return rows;
}

}  // namespace

std::vector<TargetRow> policy_targets(const MissGrid& grid, const TargetProgress& progress) {
  std::vector<TargetRow> rows = {golden_table(), nobody_beats_belady(progress)};
  const auto add = [&](std::vector<TargetRow> more) { std::ranges::move(more, std::back_inserter(rows)); };
  add(twins(grid));
  add(against_best_expert(grid));
  add(against_lru(grid));
  add(rotation());
  add(sizes(progress));
  return rows;
}

}  // namespace genepool

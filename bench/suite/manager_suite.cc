// `bench manager`: does a real server do what the simulator says? A trace is replayed at high speed against real workers, and
// the same trace is simulated with stage costs measured just before; then what the manager costs, and what heals by itself.
#include <fmt/core.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>

#include "client/process_family.h"
#include "sim/simulation.h"
#include "suite/costs_of_limits.h"
#include "suite/load_client.h"
#include "suite/phases.h"
#include "trace/generate.h"

namespace genepool::bench {
namespace {

constexpr std::uint32_t kHot = 5, kTokens = 16;
constexpr double kRequestsPerSecond = 3;  // below what two cores answer, so that the queue is not what is compared
constexpr std::string_view kManagerName = "genepool-manage";  // as Linux cuts it

struct Replayed {
  LoadRun run;
  std::uint64_t misses = 0;
  double mean_s = 0;
};

std::vector<double> answered(const LoadRun& run) { return run.all(&Served::total_ms); }

double mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return values.empty() ? 0 : sum / static_cast<double>(values.size());
}

double seconds_of(const timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6; }

// Of this process and all that it has waited for.
double cpu_seconds() {
  double seconds = 0;
  for (const int who : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
    rusage usage{};
    ::getrusage(who, &usage);
    seconds += seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
  }
  return seconds;
}

Measurement ratio_row(std::string id, std::string title, double most) {
  Measurement row{.id = std::move(id), .title = std::move(title), .unit = Unit::kRatio, .limit = Bound{Statistic::kMax, most, true}};
  row.group = "simulator against reality";
  return row;
}

class ManagerSuite {
 public:
  ManagerSuite(const Workload& workload, const SuiteOptions& options, const Progress& progress, SuiteResult& result)
      : workload_(workload), options_(options), progress_(progress), result_(result) {}

  // Costs before and after the replay: what else the machine does, both see.
  Result<void> run() {
    GENEPOOL_TRY_VOID(measure_costs());
    GENEPOOL_TRY(const Trace trace, make_trace());
    std::vector<std::pair<PolicyKind, Replayed>> real;
    for (const PolicyKind policy : {PolicyKind::kLru, PolicyKind::kTournament}) {
      GENEPOOL_TRY(Replayed replayed, replay_with(trace, policy));
      real.emplace_back(policy, std::move(replayed));
    }
    GENEPOOL_TRY_VOID(measure_costs());
    GENEPOOL_TRY(const StageCosts costs, costs_of_limits(calibration_, workload_));
    for (const auto& [policy, replayed] : real) compare(trace, costs, policy, replayed);
    GENEPOOL_TRY_VOID(with_manager(trace));
    return healing_phases(workload_, options_, result_, progress_);
  }

 private:
  Result<std::unique_ptr<GenomePool>> open(std::map<std::string, std::string> settings) {
    Options open{.data_dir = workload_.dir.path(), .base = workload_.base_path, .settings = options_.settings};
    open.settings.merge(settings);
    open.settings.try_emplace("metrics.samples", "65536");
    open.settings.try_emplace("log.level", "error");
    return GenomePool::open(open);
  }

  // Adds to what was measured before.
  Result<void> measure_costs() {
    SuiteOptions options = options_;
    options.repeats = options_.is_quick ? 3 : 6;
    options.tokens = kTokens;
    GENEPOOL_TRY(const std::unique_ptr<GenomePool> pool, open({{"manager.mode", "off"}}));
    Bench bench(*pool, workload_, options, calibration_, progress_);
    for (const auto phase : {cold_rounds, warm_rounds, warm_full_rounds, hot_rounds, token_rounds, two_rounds}) GENEPOOL_TRY_VOID(phase(bench));
    GENEPOOL_TRY(const auto asked, pool->acquire_with_metrics(workload_.genomes.front().name, {.prompt = question_text(series_, 1), .max_tokens = 1}));
    prompt_tokens_ = asked.generation.prompt_tokens;
    return {};
  }

  // A profile on this workload's genomes, in a hurry. Bytes and tokens are those of the replay.
  Result<Trace> make_trace() {
    const Profile& profile = *find_profile("model-skew");
    const std::uint64_t requests = options_.is_quick ? 120 : 500;
    GENEPOOL_TRY(Trace trace, generate(profile, {.seed = 1, .requests = requests, .has_day = false}));
    const double speed = trace.requests.back().t_seconds / (static_cast<double>(requests) / kRequestsPerSecond);
    for (TraceRequest& request : trace.requests) {
      request.t_seconds /= speed;
      request.genome %= static_cast<std::uint32_t>(workload_.genomes.size());
      request.prompt_tokens = prompt_tokens_;
      request.output_tokens = kTokens;
    }
    trace.genomes.resize(workload_.genomes.size());
    for (std::size_t i = 0; i < trace.genomes.size(); ++i) {
      const double layers = static_cast<double>(workload_.genomes[i].stack.size());
      trace.genomes[i] = {workload_.genomes[i].name, 0,
                          static_cast<std::uint64_t>(layers * static_cast<double>(workload_.layer_bytes) / static_cast<double>(workload_.layers.size()))};
    }
    return trace;
  }

  Replayed replay(GenomePool& pool, const Trace& trace) {
    LoadQuestion question{.tokens = kTokens, .series = ++series_};
    for (const auto& genome : workload_.genomes) question.genomes.push_back(genome.name);
    std::vector<Arrival> arrivals;
    for (const TraceRequest& request : trace.requests) arrivals.push_back({from_ms(request.t_seconds * 1e3), request.genome});
    const Stats before = pool.stats();
    Replayed replayed{.run = open_loop(*target_of(pool), question, arrivals)};
    const Stats after = pool.stats();
    replayed.misses = (after.warm_hits - before.warm_hits) + (after.cold_starts - before.cold_starts);
    replayed.mean_s = mean(answered(replayed.run)) / 1e3;
    return replayed;
  }

  Result<Replayed> replay_with(const Trace& trace, PolicyKind policy) {
    const std::string name(policy_name(policy));
    GENEPOOL_TRY_VOID(progress_(fmt::format("replaying {} requests, {}", trace.requests.size(), name)));
    GENEPOOL_TRY(const std::unique_ptr<GenomePool> pool, open({{"manager.mode", "off"}, {"pool.max_hot", std::to_string(kHot)}, {"pool.policy", name}}));
    for (const auto& genome : workload_.genomes) GENEPOOL_TRY_VOID(pool->make_cold(genome.name, false));
    return replay(*pool, trace);
  }

  void compare(const Trace& trace, const StageCosts& costs, PolicyKind policy, const Replayed& real) {
    const std::string name(policy_name(policy));
    const auto model = make_measured_costs(costs);
    Knobs knobs;
    knobs.max_hot = kHot;
    knobs.hot_bytes = knobs.warm_bytes = std::uint64_t{1} << 50;
    knobs.hot_policy = policy;
    knobs.turn = std::chrono::milliseconds(500);
    const SimulationResult simulated = simulate(trace, {.knobs = knobs, .costs = model.get()});
    const auto real_misses = static_cast<double>(real.misses), simulated_misses = static_cast<double>(simulated.misses());
    // Of all requests: a miss more or less of few misses says nothing.
    Measurement misses = ratio_row("misses_" + name, fmt::format("misses, {}: |real - simulated| / requests", name), 0.02);
    misses.samples = {std::abs(real_misses - simulated_misses) / static_cast<double>(trace.requests.size())};
    misses.note = fmt::format("real {}, simulated {} of {}", real.misses, simulated.misses(), trace.requests.size());
    Measurement latency = ratio_row("latency_" + name, fmt::format("mean latency, {}: |real / simulated - 1|", name), 0.20);
    latency.samples = {std::abs(real.mean_s / simulated.total.mean() - 1)};
    const auto means = [](double total_ms, double first_ms, double grant_ms) {
      return fmt::format("{:.1f} ms (to its worker {:.1f}, to the first token {:.1f})", total_ms, grant_ms, first_ms);
    };
    latency.note = fmt::format("real {}, simulated {}", means(real.mean_s * 1e3, mean(real.run.all(&Served::first_token_ms)), mean(real.run.all(&Served::queue_ms))),
                               means(simulated.total.mean() * 1e3, simulated.first_token.mean() * 1e3, simulated.grant.mean() * 1e3));
    result_.rows.push_back(std::move(misses));
    result_.rows.push_back(std::move(latency));
  }

  // What the manager costs beside a server at work.
  Result<void> with_manager(const Trace& trace) {
    GENEPOOL_TRY_VOID(progress_("the manager at work"));
    const double before = cpu_seconds();
    double manager_s = 0;
    {
      GENEPOOL_TRY(const std::unique_ptr<GenomePool> pool, open({{"manager.mode", "on"}}));
      (void)replay(*pool, trace);
      for (const FamilyMember& one : family_of(::getpid())) manager_s += one.name == kManagerName ? one.cpu_seconds : 0;
    }
    const double all_s = cpu_seconds() - before;
    Measurement cpu = ratio_row("manager_cpu", "CPU of the manager / of the server, its workers and the manager", 0.01);
    cpu.group = "the manager beside the server";
    cpu.samples = {manager_s / all_s};
    cpu.note = fmt::format("{:.3f} s of {:.1f} s", manager_s, all_s);
    result_.rows.push_back(std::move(cpu));
    return {};
  }

  const Workload& workload_;
  const SuiteOptions& options_;
  const Progress& progress_;
  SuiteResult& result_;
  SuiteResult calibration_{.suite = "limits", .rows = founding_rows()};
  std::uint32_t prompt_tokens_ = 0;  // of each question of the replay
  std::uint64_t series_ = 0;
};

}  // namespace

SuiteResult run_manager(const Workload& workload, const SuiteOptions& options, const Progress& progress) {
  return measure_suite({.suite = "manager"}, [&](SuiteResult& result) { return ManagerSuite(workload, options, progress, result).run(); });
}

}  // namespace genepool::bench

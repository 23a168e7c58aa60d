// `bench load`: what many at once see. Open loops over working sets of 0.5 to 4 times HOT, at a rate that this machine
// can serve when the set fits; a set twice as large as HOT beside one that fits; 10,000 registered genomes beside 20.
#include <fmt/core.h>

#include <algorithm>
#include <map>

#include "suite/load_client.h"
#include "suite/phases.h"

namespace genepool::bench {
namespace {

constexpr std::size_t kHot = 4;          // pool.max_hot of the suite
constexpr double kShareOfCapacity = 0.6;  // a server at its limit shows only its queue
constexpr std::size_t kThrashSeconds = 8;  // thrash.window of the suite
constexpr std::size_t kManyGenomes = 10'000;

class LoadSuite {
 public:
  LoadSuite(const Workload& workload, const SuiteOptions& options, const Progress& progress, SuiteResult& result)
      : workload_(workload), options_(options), progress_(progress), result_(result) {}

  Result<void> run() {
    {
      GENEPOOL_TRY(const Opened opened, open(workload_.dir.path()));
      LoadTarget& target = *opened.target;
      GENEPOOL_TRY(const double per_second, capacity(target));
      for (const Pattern pattern : {Pattern::kPoisson, Pattern::kBursts}) {
        for (const double size : {0.5, 1.0, 2.0, 4.0}) GENEPOOL_TRY_VOID(open_loops(target, pattern, size, kShareOfCapacity * per_second));
      }
      GENEPOOL_TRY_VOID(twice_hot(target));
      GENEPOOL_TRY_VOID(thrice_hot(target, per_second));
    }
    return many_registered();
  }

 private:
  [[nodiscard]] std::size_t rounds(std::size_t all, std::size_t quick) const { return options_.is_quick ? quick : all; }

  struct Opened {
    std::unique_ptr<GenomePool> pool;  // null over HTTP; ends after the target
    std::unique_ptr<LoadTarget> target;
  };

  Result<Opened> open(const std::string& data_dir) {
    GENEPOOL_TRY_VOID(progress_("loading the base"));
    Options options{.data_dir = data_dir, .base = workload_.base_path, .settings = options_.settings};
    options.settings["pool.max_hot"] = std::to_string(kHot);
    options.settings["thrash.window"] = fmt::format("{}s", kThrashSeconds);
    options.settings.try_emplace("log.level", "error");
    Opened opened;
    if (options_.is_http) {
      GENEPOOL_TRY(opened.target, serve_target(options_.program, options));
    } else {
      GENEPOOL_TRY(opened.pool, GenomePool::open(options));
      opened.target = target_of(*opened.pool);
    }
    return opened;
  }

  LoadQuestion question(std::size_t genomes) {
    LoadQuestion question{.tokens = options_.tokens, .series = ++series_};
    for (std::size_t i = 0; i < genomes; ++i) question.genomes.push_back(workload_.genomes[i].name);
    return question;
  }

  Measurement& row(const std::string& id, std::string title, Unit unit, std::string group) {
    const auto found = std::ranges::find(result_.rows, id, &Measurement::id);
    if (found != result_.rows.end()) return *found;
    return result_.rows.emplace_back(Measurement{.id = id, .title = std::move(title), .unit = unit, .group = std::move(group)});
  }

  // Requests a second that a working set which fits is served with: a closed loop, its genomes HOT.
  Result<double> capacity(LoadTarget& target) {
    GENEPOOL_TRY_VOID(progress_("how much a working set that fits is served"));
    GENEPOOL_TRY_VOID(warm_up(target, kHot));
    const LoadRun run = closed_loop(target, question(kHot), 2 * kHot, rounds(48, 16));
    GENEPOOL_TRY_VOID(answered(run));
    const double per_second = static_cast<double>(run.served.size()) / run.seconds;
    Measurement& shown = row("capacity", fmt::format("{} genomes, closed loop of {} clients", kHot, 2 * kHot), Unit::kTokensPerSecond, "capacity");
    shown.samples = {run.tokens_per_second()};
    shown.note = fmt::format("{:.2f} requests/s of {} tokens; the open loops send {:.0f} % of that", per_second, options_.tokens, 100 * kShareOfCapacity);
    return per_second;
  }

  // The first `genomes` are HOT afterwards.
  Result<void> warm_up(LoadTarget& target, std::size_t genomes) {
    for (std::size_t i = 0; i < genomes; ++i) GENEPOOL_TRY_VOID(target.warm_up(workload_.genomes[i].name));
    return {};
  }

  static Result<void> answered(const LoadRun& run) {
    for (const Served& one : run.served) {
      if (!one.error.empty()) return fail(Code::kInternal, "a request failed: {}", one.error);
    }
    return {};
  }

  Result<void> open_loops(LoadTarget& target, Pattern pattern, double size, double per_second) {
    const std::string name = pattern == Pattern::kPoisson ? "Poisson" : "bursts of 8";
    GENEPOOL_TRY_VOID(progress_(fmt::format("{} arrivals over {:g} x HOT", name, size)));
    const auto genomes = static_cast<std::size_t>(size * kHot);
    const Duration length = std::chrono::seconds(rounds(20, 3));
    const LoadRun run = open_loop(target, question(genomes), arrivals(pattern, per_second, length, genomes, 1));
    const std::string id = fmt::format("{}_{:g}x_", pattern == Pattern::kPoisson ? "poisson" : "bursts", size);
    const std::string title = fmt::format("{:g} x HOT ({} genomes)", size, genomes);
    const auto add = [&](const char* what, const char* words, Unit unit, std::vector<double> samples) -> Measurement& {
      Measurement& added = row(id + what, title, unit, fmt::format("{}, {}", words, name));
      added.samples = std::move(samples);
      return added;
    };
    add("queue", "until a worker has it", Unit::kMillis, run.all(&Served::queue_ms));
    add("ttft", "time to first token", Unit::kMillis, run.all(&Served::first_token_ms));
    add("gap", "between tokens", Unit::kMillis, run.gaps());
    const auto failed = std::ranges::count_if(run.served, [](const Served& one) { return !one.error.empty(); });
    add("throughput", "throughput", Unit::kTokensPerSecond, {run.tokens_per_second()}).note =
        fmt::format("{} requests, {} refused", run.served.size(), failed);
    add("fairness", "fairness (Jain's index of the genomes' mean times)", Unit::kRatio, {fairness(run)});
    return {};
  }

  static double fairness(const LoadRun& run) {
    std::map<std::size_t, std::vector<double>> times;
    for (const Served& one : run.served) {
      if (one.error.empty()) times[one.genome].push_back(one.total_ms);
    }
    std::vector<double> means;
    for (const auto& [genome, values] : times) means.push_back(value_of({.samples = values}, Statistic::kMean));
    return jain_index(means);
  }

  // A ratio of two runs that alternate, with its goal.
  Measurement& ratio_row(const char* id, const char* title, Bound goal, const char* group) {
    Measurement& added = row(id, title, Unit::kRatio, group);
    added.limit = goal;
    return added;
  }

  Result<void> twice_hot(LoadTarget& target) {
    static constexpr const char* kGroup = "working set twice as large as HOT, beside one that fits";
    for (std::size_t round = 0; round < rounds(5, 2); ++round) {
      GENEPOOL_TRY_VOID(progress_(fmt::format("working set 2 x HOT beside one that fits: round {}", round + 1)));
      const std::size_t requests = rounds(32, 16);
      GENEPOOL_TRY_VOID(warm_up(target, kHot));
      const LoadRun fits = closed_loop(target, question(kHot), kHot, requests);
      const LoadRun twice = closed_loop(target, question(2 * kHot), kHot, requests);
      GENEPOOL_TRY_VOID(answered(fits));
      GENEPOOL_TRY_VOID(answered(twice));
      const auto median = [](const LoadRun& run) { return median_of(run.all(&Served::first_token_ms)); };
      ratio_row("twice_throughput", "throughput", {Statistic::kP50, 0.6, true, true}, kGroup)
          .samples.push_back(twice.tokens_per_second() / fits.tokens_per_second());
      ratio_row("twice_ttft", "median time to first token", {Statistic::kP50, 3, true}, kGroup).samples.push_back(median(twice) / median(fits));
      const Measurement gaps{.samples = twice.gaps()};
      ratio_row("twice_gap", "between tokens, p99 / median", {Statistic::kP50, 5, true}, kGroup)
          .samples.push_back(value_of(gaps, Statistic::kP99) / value_of(gaps, Statistic::kP50));
    }
    return {};
  }

  // How hard a pool that is much too small works, and what more places would spare: docs/guide/thrashing.md.
  Result<void> thrice_hot(LoadTarget& target, double per_second) {
    static constexpr const char* kGroup = "working set three times as large as HOT";
    GENEPOOL_TRY_VOID(progress_("working set 3 x HOT: what paging costs"));
    const auto requests = static_cast<std::size_t>(static_cast<double>(rounds(kThrashSeconds, 2)) * per_second);
    const LoadRun run = closed_loop(target, question(3 * kHot), kHot, std::max<std::size_t>(requests, 3 * kHot));
    GENEPOOL_TRY_VOID(answered(run));
    GENEPOOL_TRY(const ThrashShares shares, target.thrash_shares());
    row("thrice_share", "seconds of assembly / seconds of inference (thrash_share)", Unit::kRatio, kGroup).samples = {shares.share};
    Measurement& refaults = row("thrice_refault", "page-ins that twice the places would spare (refault_share)", Unit::kRatio, kGroup);
    refaults.samples = {shares.refault_share};
    refaults.note = fmt::format("{} requests over {} genomes in {:.1f} s, {} places", run.served.size(), 3 * kHot, run.seconds, kHot);
    return {};
  }

  Result<void> many_registered() {
    GENEPOOL_TRY_VOID(progress_(fmt::format("registering {} genomes", kManyGenomes)));
    const WorkloadOptions few_options{.base = workload_.base_path, .generated_rank = 16};
    WorkloadOptions many_options = few_options;
    many_options.registered = kManyGenomes;
    GENEPOOL_TRY(const Workload few, prepare_workload(few_options));
    GENEPOOL_TRY(const Workload many, prepare_workload(many_options));
    GENEPOOL_TRY(const Opened with_few_names, open(few.dir.path()));
    GENEPOOL_TRY(const Opened with_many_names, open(many.dir.path()));
    LoadQuestion ask{.tokens = options_.tokens};
    for (std::size_t i = 0; i < kHot; ++i) ask.genomes.push_back(few.genomes[i].name);
    for (std::size_t round = 0; round <= rounds(5, 2); ++round) {  // the first warms up
      GENEPOOL_TRY_VOID(progress_(fmt::format("{} registered beside {}: round {}", many.genomes.size(), few.genomes.size(), round)));
      const auto speed = [&](const Opened& opened) -> Result<double> {
        ask.series = ++series_;
        const LoadRun run = closed_loop(*opened.target, ask, kHot, rounds(24, 12));
        GENEPOOL_TRY_VOID(answered(run));
        return run.tokens_per_second();
      };
      GENEPOOL_TRY(const double with_few, speed(with_few_names));
      GENEPOOL_TRY(const double with_many, speed(with_many_names));
      if (round == 0) continue;
      ratio_row("many_registered", "throughput of the same 4 genomes", {Statistic::kP50, 0.95, true, true}, "10,000 registered beside 20")
          .samples.push_back(with_many / with_few);
    }
    return {};
  }

  const Workload& workload_;
  const SuiteOptions& options_;
  const Progress& progress_;
  SuiteResult& result_;
  std::uint64_t series_ = 0;
};

}  // namespace

SuiteResult run_load(const Workload& workload, const SuiteOptions& options, const Progress& progress) {
  return measure_suite({.suite = "load"}, [&](SuiteResult& result) { return LoadSuite(workload, options, progress, result).run(); });
}

}  // namespace genepool::bench

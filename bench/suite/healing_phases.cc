// What heals by itself, on a server of our own and with the signals that a bad day sends: workers killed and stopped, a genome
// that crashes for ever, a manager that is killed or hangs, too little memory. Rows R3, R4, R5 and S3 of the paging note.
#include <fmt/core.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <filesystem>
#include <functional>
#include <future>
#include <thread>

#include "client/completion_client.h"
#include "client/genepool_server.h"
#include "client/process_family.h"
#include "suite/memory_group.h"
#include "suite/phases.h"

namespace genepool::bench {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr Duration kStuckAfter = 2s;
constexpr std::uint64_t kSmallMemory = 512U << 20;
constexpr std::string_view kGroup = "what heals by itself";
constexpr std::string_view kWorkerName = "genepool-worker";  // 15 characters: Linux shows it whole

struct Growth {
  Census census;
  std::size_t files = 0;
};

class Healing {
 public:
  Healing(const Workload& workload, const SuiteOptions& options, SuiteResult& result, const Progress& progress)
      : workload_(workload), options_(options), progress_(progress), result_(result) {}

  Result<void> run() {
    GENEPOOL_TRY(logs_, make_scratch_dir());
    GENEPOOL_TRY_VOID(killed_workers());
    GENEPOOL_TRY_VOID(stuck_workers());
    GENEPOOL_TRY_VOID(crash_loop());
    GENEPOOL_TRY_VOID(growth());
    GENEPOOL_TRY_VOID(lost_managers());
    return little_memory();
  }

 private:
  using Settings = std::map<std::string, std::string>;

  [[nodiscard]] std::size_t rounds(std::size_t all, std::size_t quick) const { return options_.is_quick ? quick : all; }
  [[nodiscard]] const std::string& genome(std::size_t i) const { return workload_.genomes[i % workload_.genomes.size()].name; }

  Result<RunningServer> serve(Settings settings, const std::vector<std::string>& launcher = {}) {
    std::vector<std::string> flags{"--base", workload_.base_path};
    Settings all = options_.settings;
    settings.try_emplace("log.level", "error");
    for (const auto& [name, value] : settings) all[name] = value;
    for (const auto& [name, value] : all) flags.insert(flags.end(), {"--" + name, value});
    return serve_genepool(options_.program, workload_.dir.path(), flags, logs_.path() + "/healing.log", launcher);
  }

  std::future<Result<Answered>> ask_beside(const std::string& url, const std::string& model, std::uint32_t tokens) {
    Ask question{.url = url, .model = model, .prompt = fmt::format("{} is the number of my ticket. Where is the ship?", ++asked_), .tokens = tokens, .is_chat = true};
    return std::async(std::launch::async, [question = std::move(question)] { return ask(question); });
  }

  void add_row(std::string id, std::string title, Unit unit, Bound limit, std::vector<double> samples, std::string note) {
    Measurement row{.id = std::move(id), .title = std::move(title), .unit = unit, .limit = limit, .samples = std::move(samples), .note = std::move(note)};
    row.group = kGroup;
    result_.rows.push_back(std::move(row));
  }

  // 0 when the condition did not come true in time.
  static Duration time_until(const std::function<bool()>& is_so, Duration limit) {
    const Instant start = monotonic_now();
    while (!is_so()) {
      if (monotonic_now() - start > limit) return Duration::zero();
      std::this_thread::sleep_for(2ms);
    }
    return monotonic_now() - start;
  }

  // R3. Three requests in flight in the worker that is killed (a fourth must find a sequence free at once), one in another's.
  Result<void> killed_workers() {
    GENEPOOL_TRY(const RunningServer server, serve({{"pool.max_hot", "2"}, {"manager.mode", "off"}, {"breaker.mode", "off"}}));
    const std::string &victim = genome(0), &bystander = genome(1);
    std::vector<double> back, harmed;
    std::size_t lost = 0, retried = 0;
    for (std::size_t i = 0; i < rounds(20, 5); ++i) {
      GENEPOOL_TRY_VOID(progress_(fmt::format("kill -9 of a loaded worker: {}", i + 1)));
      GENEPOOL_TRY_VOID(bring(server.url, bystander, "load"));
      GENEPOOL_TRY_VOID(bring(server.url, victim, "load"));
      GENEPOOL_TRY_VOID(bring(server.url, victim, "evict"));
      GENEPOOL_TRY(const Answered loaded, ask_beside(server.url, victim, 1).get());
      std::vector<std::future<Result<Answered>>> inside;
      for (int k = 0; k < 3; ++k) inside.push_back(ask_beside(server.url, victim, 64));
      auto beside = ask_beside(server.url, bystander, 64);
      std::this_thread::sleep_for(200ms);
      GENEPOOL_TRY(const int pid, worker_pid(server.url, victim));
      if (pid == 0) return fail(Code::kInternal, "{} has no worker while it answers", victim);
      ::kill(pid, SIGKILL);
      const auto after = ask_beside(server.url, victim, 1).get();
      for (auto& one : inside) ++(one.get() ? retried : lost);
      harmed.push_back((after ? 0 : 1) + (beside.get() ? 0 : 1));
      if (after) back.push_back(after->acquire_ms - loaded.acquire_ms);
    }
    add_row("killed_harmed", "kill -9 of a loaded worker: failed requests that it did not have", Unit::kCount, {Statistic::kMax, 0, true}, harmed,
            fmt::format("of those in flight {} were lost and {} answered", lost, retried));
    add_row("killed_back", "... until its genome is granted again, less its load time", Unit::kMillis, {Statistic::kMax, 1000}, back, "");
    return {};
  }

  // R3. Stopped in the middle of an answer: silent from then on.
  Result<void> stuck_workers() {
    GENEPOOL_TRY(const RunningServer server, serve({{"pool.stuck_after", fmt::format("{:.0f}ms", to_ms(kStuckAfter))}, {"manager.mode", "off"}, {"breaker.mode", "off"}}));
    std::vector<double> past, replaced;
    for (std::size_t i = 0; i < rounds(10, 3); ++i) {
      GENEPOOL_TRY_VOID(progress_(fmt::format("a worker that hangs: {}", i + 1)));
      GENEPOOL_TRY_VOID(bring(server.url, genome(i), "load"));
      auto inside = ask_beside(server.url, genome(i), 128);
      std::this_thread::sleep_for(200ms);
      GENEPOOL_TRY(const int pid, worker_pid(server.url, genome(i)));
      if (pid == 0) return fail(Code::kInternal, "{} has no worker while it answers", genome(i));
      ::kill(pid, SIGSTOP);
      const Duration found = time_until([&] { return is_gone(pid); }, kStuckAfter + 10s);
      if (found == Duration::zero()) return fail(Code::kInternal, "a stopped worker was not found");
      past.push_back(std::max(0.0, to_ms(found - kStuckAfter)));
      const auto after = ask_beside(server.url, genome(i), 1).get();
      replaced.push_back(after ? after->acquire_ms : 1e6);
      (void)inside.get();  // had its first tokens: lost
    }
    add_row("stuck_found", fmt::format("worker stopped while it answers: killed so long after pool.stuck_after ({:.0f} s)", to_ms(kStuckAfter) / 1e3), Unit::kMillis,
            {Statistic::kMax, 1000}, past, "");
    add_row("stuck_replaced", "... and from then to the next grant", Unit::kMillis, {Statistic::kMax, 1000}, replaced, "");
    return {};
  }

  [[nodiscard]] static std::vector<pid_t> workers_of(const RunningServer& server) {
    std::vector<pid_t> workers;
    const std::vector<FamilyMember> family = family_of(server.process.pid());
    for (const FamilyMember& one : family) {
      if (one.name == kWorkerName && one.parent != server.process.pid() && !one.is_zombie) workers.push_back(one.pid);
    }
    return workers;
  }

  // R4. One genome whose workers never live longer than 10 ms, and a client that does not give up.
  Result<void> crash_loop() {
    const Duration length = options_.is_quick ? Duration(20s) : Duration(600s);
    GENEPOOL_TRY_VOID(progress_(fmt::format("a genome that crashes for {:.0f} s", to_ms(length) / 1e3)));
    GENEPOOL_TRY(const RunningServer server, serve({{"pool.spare_worker", "false"}}));
    const double before = census_of(server.process.pid()).cpu_seconds;
    std::atomic<std::size_t> kills = 0;
    std::size_t asked = 0, answered = 0;
    {
      const std::jthread killer([&](const std::stop_token& stop) {
        for (; !stop.stop_requested(); std::this_thread::sleep_for(10ms)) {
          for (const pid_t pid : workers_of(server)) kills += ::kill(pid, SIGKILL) == 0 ? 1 : 0;
        }
      });
      for (const Instant end = monotonic_now() + length; monotonic_now() < end; std::this_thread::sleep_for(500ms)) {
        ++asked;
        if (ask_beside(server.url, genome(0), 1).get()) ++answered;
      }
    }
    const double cpu = census_of(server.process.pid()).cpu_seconds - before;
    add_row("crash_loop_cpu", "one genome crashes again and again: CPU of the server and all its processes / time", Unit::kRatio, {Statistic::kMax, 0.01},
            {cpu * 1e3 / to_ms(length)}, fmt::format("{:.0f} s, {} kills, {} requests, {} answered", to_ms(length) / 1e3, kills.load(), asked, answered));
    return {};
  }

  [[nodiscard]] Growth count(const RunningServer& server) const {
    Growth growth{.census = census_of(server.process.pid())};
    std::error_code ignored;
    for (const auto& entry : fs::recursive_directory_iterator(workload_.dir.path(), ignored)) growth.files += entry.is_regular_file() ? 1 : 0;
    return growth;
  }

  // Workers that end by our hand and by others': nothing of them stays.
  Result<void> growth() {
    GENEPOOL_TRY(const RunningServer server, serve({{"pool.max_hot", "1"}, {"pool.spare_worker", "false"}, {"breaker.mode", "off"}, {"manager.sizing", "fixed"}}));
    const auto churn = [&](std::size_t i) { return bring(server.url, genome(i % 4), "load"); };
    const auto kill_one = [&](std::size_t i) -> Result<void> {
      GENEPOOL_TRY_VOID(churn(i));
      const std::vector<pid_t> workers = workers_of(server);
      if (workers.empty()) return {};  // on its way to the next
      ::kill(workers.front(), SIGKILL);
      (void)time_until([&] { return is_gone(workers.front()); }, 5s);
      return {};
    };
    for (std::size_t i = 0; i < 20; ++i) GENEPOOL_TRY_VOID(kill_one(i));
    GENEPOOL_TRY_VOID(bring(server.url, genome(0), "load"));
    std::this_thread::sleep_for(1s);
    const Growth before = count(server);
    const std::size_t kills = rounds(1000, 100), churns = rounds(10'000, 500);
    for (std::size_t i = 0; i < kills; ++i) {
      if (i % 50 == 0) GENEPOOL_TRY_VOID(progress_(fmt::format("workers killed: {} of {}", i, kills)));
      GENEPOOL_TRY_VOID(kill_one(i));
    }
    for (std::size_t i = 0; i < churns; ++i) {
      if (i % 100 == 0) GENEPOOL_TRY_VOID(progress_(fmt::format("genomes in and out: {} of {}", i, churns)));
      GENEPOOL_TRY_VOID(churn(i));
    }
    GENEPOOL_TRY_VOID(bring(server.url, genome(0), "load"));
    std::this_thread::sleep_for(1s);
    const Growth after = count(server);
    const auto more = [&](std::string id, std::string title, std::size_t was, std::size_t is) {
      add_row(std::move(id), std::move(title), Unit::kCount, {Statistic::kMax, 0, true}, {is > was ? static_cast<double>(is - was) : 0}, fmt::format("{} before, {} after", was, is));
    };
    more("growth_descriptors", fmt::format("after {} kills and {} churns: descriptors more, all processes", kills, churns), before.census.descriptors, after.census.descriptors);
    more("growth_processes", "... processes more", before.census.processes, after.census.processes);
    more("growth_zombies", "... zombies", 0, after.census.zombies);
    more("growth_files", "... files more in the data directory", before.files, after.files);
    return {};
  }

  // R5. Killed, begun again, and then stopped, while two clients ask without pause.
  Result<void> lost_managers() {
    GENEPOOL_TRY_VOID(progress_("the manager killed, and hung"));
    GENEPOOL_TRY(const RunningServer server, serve({{"manager.mode", "on"}, {"pool.max_hot", "3"}}));
    std::atomic<std::size_t> asked = 0, failed = 0;
    std::vector<double> static_ms, back_ms;
    std::string notes;
    const auto lose = [&](int signal) -> Result<void> {
      std::string why;
      GENEPOOL_TRY(const ManagerSeen first, manager_of(server.url));
      if (first.pid == 0) return fail(Code::kInternal, "there is no manager to be lost");
      ::kill(first.pid, signal);
      const auto look = [&] { return manager_of(server.url).value_or(ManagerSeen{first.pid, ""}); };
      const Duration lost = time_until([&] { return !(why = look().why_static).empty(); }, 20s);
      const Duration back = time_until([&] { const ManagerSeen now = look(); return now.pid > 0 && now.pid != first.pid; }, 20s);
      if (lost == Duration::zero() || back == Duration::zero()) return fail(Code::kInternal, "a lost manager was not seen to be static and begun again");
      static_ms.push_back(to_ms(lost));
      back_ms.push_back(to_ms(lost + back));
      notes += fmt::format("{}{}: \"{}\"", notes.empty() ? "" : ", ", signal == SIGKILL ? "killed" : "hung", why);
      std::this_thread::sleep_for(1s);
      return {};
    };
    {
      std::vector<std::jthread> clients;
      for (std::size_t c = 0; c < 2; ++c) {
        clients.emplace_back([&, c](const std::stop_token& stop) {
          for (std::size_t i = 0; !stop.stop_requested(); ++i) {
            ++asked;
            const Ask question{.url = server.url, .model = genome(i * 3 + c), .prompt = fmt::format("{} and {}", c, i), .tokens = 8, .is_chat = true};
            if (!ask(question)) ++failed;
          }
        });
      }
      std::this_thread::sleep_for(2s);
      for (const int signal : {SIGKILL, SIGSTOP}) GENEPOOL_TRY_VOID(lose(signal));
    }
    add_row("manager_lost_failed", "manager killed, and hung, under load: requests that failed", Unit::kCount, {Statistic::kMax, 0, true}, {static_cast<double>(failed.load())},
            fmt::format("of {}", asked.load()));
    add_row("manager_static", "... until the server goes on without it and says why", Unit::kMillis, {Statistic::kMax, 5000}, static_ms, notes);
    add_row("manager_back", "... until another one runs", Unit::kMillis, {Statistic::kMax, 7000}, back_ms, "");
    return {};
  }

  // S3. More genomes than the group has memory for, the manager free to give places.
  Result<void> little_memory() {
    const Bound none{Statistic::kMax, 0, true};
    const std::string title = "in a memory cgroup of 512 MB, more genomes than fit: out-of-memory kills";
    const auto group = MemoryGroup::make(kSmallMemory);
    if (!group) {
      Measurement skipped{.id = "cgroup_oom_kills", .title = title, .unit = Unit::kCount, .note = "skipped: " + group.error().message};
      skipped.group = kGroup;
      result_.rows.push_back(std::move(skipped));
      return {};
    }
    std::size_t asked = 0, failed = 0;
    {
      GENEPOOL_TRY(const RunningServer server, serve({{"manager.mode", "on"}}, group->launcher()));
      const Duration length = options_.is_quick ? Duration(20s) : Duration(120s);
      for (const Instant end = monotonic_now() + length; monotonic_now() < end;) {
        GENEPOOL_TRY_VOID(progress_(fmt::format("in 512 MB: {} requests", asked)));
        std::vector<std::future<Result<Answered>>> together;
        for (int k = 0; k < 4; ++k) together.push_back(ask_beside(server.url, genome(asked++), options_.tokens));
        for (auto& one : together) failed += one.get() ? 0 : 1;
      }
    }
    add_row("cgroup_oom_kills", title, Unit::kCount, none, {static_cast<double>(group->out_of_memory_kills())},
            fmt::format("cgroup {}, {} requests, {} failed, at most {} MB", group->is_v2() ? "v2" : "v1", asked, failed, group->most_bytes() >> 20));
    return {};
  }

  const Workload& workload_;
  const SuiteOptions& options_;
  const Progress& progress_;
  SuiteResult& result_;
  ScratchDir logs_;
  std::atomic<std::uint64_t> asked_ = 0;
};

}  // namespace

Result<void> healing_phases(const Workload& workload, const SuiteOptions& options, SuiteResult& result, const Progress& progress) {
  return Healing(workload, options, result, progress).run();
}

}  // namespace genepool::bench

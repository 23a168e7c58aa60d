// What must not grow, on a server of our own: a genome that crashes for ever, workers that end by the thousand, too little memory.
// Rows R4 and S3 of the paging note.
#include <fmt/core.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <thread>

#include "client/process_family.h"
#include "suite/healing.h"
#include "suite/memory_group.h"

namespace genepool::bench {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr std::uint64_t kSmallMemory = 512U << 20;
constexpr std::string_view kWorkerName = "genepool-worker";  // 15 characters: Linux shows it whole

struct Growth {
  Census census;
  std::size_t files = 0;
};

std::vector<pid_t> workers_of(const RunningServer& server) {
  std::vector<pid_t> workers;
  for (const FamilyMember& one : family_of(server.process.pid())) {
    if (one.name == kWorkerName && one.parent != server.process.pid() && !one.is_zombie) workers.push_back(one.pid);
  }
  return workers;
}

Growth count(const RunningServer& server, const std::string& data_dir) {
  Growth growth{.census = census_of(server.process.pid())};
  std::error_code ignored;
  for (const auto& entry : fs::recursive_directory_iterator(data_dir, ignored)) growth.files += entry.is_regular_file() ? 1 : 0;
  return growth;
}

}  // namespace

// R4. One genome whose workers never live longer than 10 ms, and a client that does not give up.
Result<void> crash_loop(Healing& bench) {
  const Duration length = bench.is_quick() ? Duration(20s) : Duration(600s);
  GENEPOOL_TRY_VOID(bench.stage(fmt::format("a genome that crashes for {:.0f} s", to_ms(length) / 1e3)));
  GENEPOOL_TRY(const RunningServer server, bench.serve({{"pool.spare_worker", "false"}}));
  std::this_thread::sleep_for(3s);  // it has begun
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
      if (bench.ask_beside(server.url, bench.genome(0), 1).get()) ++answered;
    }
  }
  const double cpu = census_of(server.process.pid()).cpu_seconds - before;
  bench.add_row("crash_loop_cpu", "one genome crashes again and again: CPU of the server and all its processes / time", Unit::kRatio, Bound{Statistic::kMax, 0.01},
                {cpu * 1e3 / to_ms(length)}, fmt::format("{:.0f} s, {} kills, {} requests, {} answered", to_ms(length) / 1e3, kills.load(), asked, answered));
  return {};
}

// Workers that end by our hand and by others': nothing of them stays.
Result<void> nothing_grows(Healing& bench) {
  GENEPOOL_TRY(const RunningServer server, bench.serve({{"pool.max_hot", "1"}, {"pool.spare_worker", "false"}, {"breaker.mode", "off"}, {"manager.sizing", "fixed"}}));
  const auto churn = [&](std::size_t i) { return bring(server.url, bench.genome(i % 4), "load"); };
  const auto kill_one = [&](std::size_t i) -> Result<void> {
    GENEPOOL_TRY_VOID(churn(i));
    const std::vector<pid_t> workers = workers_of(server);
    if (workers.empty()) return {};  // on its way to the next
    ::kill(workers.front(), SIGKILL);
    (void)time_until([&] { return is_gone(workers.front()); }, 5s);
    return {};
  };
  for (std::size_t i = 0; i < 20; ++i) GENEPOOL_TRY_VOID(kill_one(i));
  GENEPOOL_TRY_VOID(bring(server.url, bench.genome(0), "load"));
  std::this_thread::sleep_for(1s);
  const Growth before = count(server, bench.data_dir());
  const std::size_t kills = bench.rounds(1000, 100), churns = bench.rounds(10'000, 500);
  for (std::size_t i = 0; i < kills; ++i) {
    if (i % 50 == 0) GENEPOOL_TRY_VOID(bench.stage(fmt::format("workers killed: {} of {}", i, kills)));
    GENEPOOL_TRY_VOID(kill_one(i));
  }
  for (std::size_t i = 0; i < churns; ++i) {
    if (i % 100 == 0) GENEPOOL_TRY_VOID(bench.stage(fmt::format("genomes in and out: {} of {}", i, churns)));
    GENEPOOL_TRY_VOID(churn(i));
  }
  GENEPOOL_TRY_VOID(bring(server.url, bench.genome(0), "load"));
  std::this_thread::sleep_for(1s);
  const Growth after = count(server, bench.data_dir());
  const auto more = [&](std::string id, std::string title, std::size_t was, std::size_t is) {
    bench.add_row(std::move(id), std::move(title), Unit::kCount, Bound{Statistic::kMax, 0, true}, {is > was ? static_cast<double>(is - was) : 0}, fmt::format("{} before, {} after", was, is));
                };
  more("growth_descriptors", fmt::format("after {} kills and {} churns: descriptors more, all processes", kills, churns), before.census.descriptors, after.census.descriptors);
  more("growth_processes", "... processes more", before.census.processes, after.census.processes);
  more("growth_zombies", "... zombies", 0, after.census.zombies);
  more("growth_files", "... files more in the data directory", before.files, after.files);
  return {};
}

// S3. More genomes than the group has memory for, the manager free to give places.
Result<void> little_memory(Healing& bench) {
  const std::string title = "in a memory cgroup of 512 MB, more genomes than fit: out-of-memory kills";
  const auto group = MemoryGroup::make(kSmallMemory);
  if (!group) {
    bench.add_row("cgroup_oom_kills", title, Unit::kCount, std::nullopt, {}, "skipped: " + group.error().message);
                return {};
  }
  std::size_t asked = 0, failed = 0;
  {
    GENEPOOL_TRY(const RunningServer server, bench.serve({{"manager.mode", "on"}}, group->launcher()));
    const Duration length = bench.is_quick() ? Duration(20s) : Duration(120s);
    for (const Instant end = monotonic_now() + length; monotonic_now() < end;) {
      GENEPOOL_TRY_VOID(bench.stage(fmt::format("in 512 MB: {} requests", asked)));
      std::vector<std::future<Result<Answered>>> together;
      for (int k = 0; k < 4; ++k) together.push_back(bench.ask_beside(server.url, bench.genome(asked++), bench.tokens()));
      for (auto& one : together) failed += one.get() ? 0 : 1;
    }
  }
  bench.add_row("cgroup_oom_kills", title, Unit::kCount, Bound{Statistic::kMax, 0, true}, {static_cast<double>(group->out_of_memory_kills())},
                fmt::format("cgroup {}, {} requests, {} failed, at most {} MB", group->is_v2() ? "v2" : "v1", asked, failed, group->most_bytes() >> 20));
  return {};
}

}  // namespace genepool::bench

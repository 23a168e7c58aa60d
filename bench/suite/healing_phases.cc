// What heals by itself, on a server of our own and with the signals that a bad day sends: workers killed and stopped, a manager
// that is killed or hangs. Rows R3 and R5 of the paging note.
#include <fmt/core.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <thread>

#include "client/process_family.h"
#include "suite/healing.h"

namespace genepool::bench {
namespace {

using namespace std::chrono_literals;

constexpr Duration kStuckAfter = 2s;

}  // namespace

// R3. Three requests in flight in the worker that is killed (a fourth must find a sequence free at once), one in another's.
Result<void> killed_workers(Healing& bench) {
  GENEPOOL_TRY(const RunningServer server, bench.serve({{"pool.max_hot", "2"}, {"manager.mode", "off"}, {"breaker.mode", "off"}}));
  const std::string &victim = bench.genome(0), &bystander = bench.genome(1);
  std::vector<double> back, harmed;
  std::size_t lost = 0, retried = 0;
  for (std::size_t i = 0; i < bench.rounds(20, 5); ++i) {
    GENEPOOL_TRY_VOID(bench.stage(fmt::format("kill -9 of a loaded worker: {}", i + 1)));
    GENEPOOL_TRY_VOID(bring(server.url, bystander, "load"));
    GENEPOOL_TRY_VOID(bring(server.url, victim, "load"));
    GENEPOOL_TRY_VOID(bring(server.url, victim, "evict"));
    GENEPOOL_TRY(const Answered loaded, bench.ask_beside(server.url, victim, 1).get());
    std::vector<std::future<Result<Answered>>> inside;
    for (int k = 0; k < 3; ++k) inside.push_back(bench.ask_beside(server.url, victim, 64));
    auto beside = bench.ask_beside(server.url, bystander, 64);
    std::this_thread::sleep_for(200ms);
    GENEPOOL_TRY(const int pid, worker_pid(server.url, victim));
    if (pid == 0) return fail(Code::kInternal, "{} has no worker while it answers", victim);
    ::kill(pid, SIGKILL);
    const auto after = bench.ask_beside(server.url, victim, 1).get();
    for (auto& one : inside) ++(one.get() ? retried : lost);
    harmed.push_back((after ? 0 : 1) + (beside.get() ? 0 : 1));
    if (after) back.push_back(after->acquire_ms - loaded.acquire_ms);
  }
  bench.add_row("killed_harmed", "kill -9 of a loaded worker: failed requests that it did not have", Unit::kCount, Bound{Statistic::kMax, 0, true}, harmed,
                fmt::format("of those in flight {} were lost and {} answered", lost, retried));
  bench.add_row("killed_back", "... until its genome is granted again, less its load time", Unit::kMillis, Bound{Statistic::kMax, 1000}, back, "");
                return {};
}

// R3. Stopped in the middle of an answer: silent from then on.
Result<void> stuck_workers(Healing& bench) {
  GENEPOOL_TRY(const RunningServer server, bench.serve({{"pool.stuck_after", fmt::format("{:.0f}ms", to_ms(kStuckAfter))}, {"manager.mode", "off"}, {"breaker.mode", "off"}}));
  std::vector<double> past, replaced;
  for (std::size_t i = 0; i < bench.rounds(10, 3); ++i) {
    GENEPOOL_TRY_VOID(bench.stage(fmt::format("a worker that hangs: {}", i + 1)));
    GENEPOOL_TRY_VOID(bring(server.url, bench.genome(i), "load"));
    auto inside = bench.ask_beside(server.url, bench.genome(i), 128);
    std::this_thread::sleep_for(200ms);
    GENEPOOL_TRY(const int pid, worker_pid(server.url, bench.genome(i)));
    if (pid == 0) return fail(Code::kInternal, "{} has no worker while it answers", bench.genome(i));
    ::kill(pid, SIGSTOP);
    const std::optional<Duration> found = time_until([&] { return is_gone(pid); }, kStuckAfter + 10s);
    if (!found) return fail(Code::kInternal, "a stopped worker was not found");
    past.push_back(std::max(0.0, to_ms(*found - kStuckAfter)));
    const auto after = bench.ask_beside(server.url, bench.genome(i), 1).get();
    replaced.push_back(after ? after->acquire_ms : 1e6);
    (void)inside.get();  // had its first tokens: lost
  }
  bench.add_row("stuck_found", fmt::format("worker stopped while it answers: killed so long after pool.stuck_after ({:.0f} s)", to_ms(kStuckAfter) / 1e3), Unit::kMillis,
                Bound{Statistic::kMax, 1000}, past, "");
  bench.add_row("stuck_replaced", "... and from then to the next grant", Unit::kMillis, Bound{Statistic::kMax, 1000}, replaced, "");
                return {};
}

// R5. Killed, begun again, and then stopped, while two clients ask without pause.
Result<void> lost_managers(Healing& bench) {
  GENEPOOL_TRY_VOID(bench.stage("the manager killed, and hung"));
  GENEPOOL_TRY(const RunningServer server, bench.serve({{"manager.mode", "on"}, {"pool.max_hot", "3"}}));
  std::atomic<std::size_t> asked = 0, failed = 0;
  std::vector<double> static_ms, back_ms;
  std::string notes;
  const auto lose = [&](int signal) -> Result<void> {
    std::string why;
    GENEPOOL_TRY(const ManagerSeen first, manager_of(server.url));
    if (first.pid == 0) return fail(Code::kInternal, "there is no manager to be lost");
    ::kill(first.pid, signal);
    const auto look = [&] { return manager_of(server.url).value_or(ManagerSeen{first.pid, ""}); };
    const auto lost = time_until([&] { return !(why = look().why_static).empty(); }, 20s);
    const auto back = time_until([&] { const ManagerSeen now = look(); return now.pid > 0 && now.pid != first.pid; }, 20s);
    if (!lost || !back) return fail(Code::kInternal, "a lost manager was not seen to be static and begun again");
    static_ms.push_back(to_ms(*lost));
    back_ms.push_back(to_ms(*lost + *back));
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
          const Ask question{.url = server.url, .model = bench.genome(i * 3 + c), .prompt = fmt::format("{} and {}", c, i), .tokens = 8, .is_chat = true};
          if (!ask(question)) ++failed;
        }
      });
    }
    std::this_thread::sleep_for(2s);
    for (const int signal : {SIGKILL, SIGSTOP}) GENEPOOL_TRY_VOID(lose(signal));
  }
  bench.add_row("manager_lost_failed", "manager killed, and hung, under load: requests that failed", Unit::kCount, Bound{Statistic::kMax, 0, true}, {static_cast<double>(failed.load())},
                fmt::format("of {}", asked.load()));
  bench.add_row("manager_static", "... until the server goes on without it and says why", Unit::kMillis, Bound{Statistic::kMax, 5000}, static_ms, notes);
                bench.add_row("manager_back", "... until another one runs", Unit::kMillis, Bound{Statistic::kMax, 7000}, back_ms, "");
  return {};
}

}  // namespace genepool::bench

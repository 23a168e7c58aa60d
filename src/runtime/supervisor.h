// Supervisor: keeps one base's zygote alive and watches its workers. Processes only: what they compute is passed through.
// Zygote: started by exec, restarted after it dies, as often as RestartBudget allows, then given up. Its workers survive it.
// Worker: spawned by the zygote, known by its socket and its pidfd; gone when the pidfd fires, whatever the socket says.
// Spare: one worker that was forked before anybody asked and has run a step already; the next spawn takes it. No listener hears of it.
// Owner: the runtime. Thread: the strand.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "pool/restart_budget.h"
#include "runtime/loop.h"
#include "worker/core_gate.h"
#include "worker/frames.h"
#include "worker/zygote_process.h"

namespace genepool {

struct WorkerStart {
  Duration spawn{};  // from the fork's beginning to the worker's hello; of a spare before it was asked for
  Duration attach{}, reserve{};
};

struct WorkerEnd {
  std::optional<Duration> teardown;  // SIGKILL to gone, when we killed it
  bool by_signal = false;            // best knowledge; of an unwanted end
  int detail = -1;                   // signal number or exit status, -1 when unknown
};

class SupervisorListener {
 public:
  virtual ~SupervisorListener() = default;
  virtual void on_zygote_ready(const ZygoteHello& hello) = 0;
  virtual void on_zygote_lost(const std::string& why, bool is_final) = 0;
  virtual void on_worker_ready(WorkerId worker, const WorkerStart& start) = 0;
  virtual void on_worker_failed(WorkerId worker, const Error& error) = 0;  // on_worker_gone does not follow
  virtual void on_worker_message(WorkerId worker, FromWorker&& message, UniqueFd passed) = 0;
  virtual void on_worker_gone(WorkerId worker, const WorkerEnd& end) = 0;
};

class Supervisor {
 public:
  static constexpr Duration kStartLimit = std::chrono::seconds(30);
  static constexpr Duration kSpareLimit = std::chrono::seconds(2);  // for a spare that was taken: it has only to attach
  static constexpr Duration kSpareAgain = std::chrono::seconds(30);
  static constexpr WorkerId kFirstSpare = WorkerId{1} << 63;  // above all that others number

  Supervisor(Loop& loop, ZygoteOptions options, CoreGate& gate, SupervisorListener& listener);
  ~Supervisor();  // see shut_down()

  [[nodiscard]] Result<void> start();

  // `page` and `saved_kv` are passed on and stay the caller's; -1 for the bare base, for no KV. Ends in on_worker_ready or on_worker_failed.
  void spawn(WorkerId worker, const std::string& genome_hex, int page, int saved_kv = -1);
  // Forks the spare if there is none; not within kSpareAgain of one that ended by itself. Errors are logged: the next spawn
  // forks its own.
  void keep_spare();
  // kTooLarge, kQueueFull: the message does not go and the worker lives on. To a worker that is gone: dropped,
  // on_worker_gone comes.
  // `passed`: a descriptor that goes along and stays the caller's; -1 for none.
  [[nodiscard]] Result<void> send(WorkerId worker, const ToWorker& message, int passed = -1);
  void kill(WorkerId worker);                           // SIGKILL
  // Gives up on workers that have not become ready within kStartLimit, or kSpareLimit: every wait has a bound. About once a second.
  void check_starts();

  // Kills every worker, lets the zygote go and waits for all of them, at most `limit`.
  void shut_down(Duration limit);

  [[nodiscard]] int zygote_pid() const { return zygote_.pid; }
  [[nodiscard]] int pid_of(WorkerId worker) const;  // 0 = not known (yet)
  [[nodiscard]] int spare_pid() const;              // 0 = none that could be taken now
  [[nodiscard]] std::uint64_t zygote_restarts() const { return restarts_total_; }

 private:
  struct Worker {
    FrameChannel channel;
    UniqueFd pidfd;
    int pid = 0;
    Loop::WatchId socket_watch = 0, pidfd_watch = 0;
    WorkerId forked_as = 0;  // what the zygote and the core gate call it; another id for one that was the spare
    std::string genome_hex;
    Instant spawned{};
    std::optional<Instant> killed;
    WorkerStart start;
    bool has_greeted = false, is_ready = false, has_failed = false;
    std::optional<int> wait_status;
  };

  void on_zygote_readable();
  void on_zygote_message(FromZygote&& message, UniqueFd fd);
  void on_zygote_exit();
  void lose_zygote(const std::string& why);
  void fail_unborn();
  [[nodiscard]] Result<void> fork(WorkerId id, const ToWorker& first, int passed);
  [[nodiscard]] bool take_spare(WorkerId id);
  void forget_spare();
  void on_worker_readable(WorkerId id);
  void on_worker_frame(WorkerId id, FromWorker&& message, UniqueFd passed);
  void on_worker_exit(WorkerId id);
  void fail_worker(WorkerId id, const Error& error);
  void close_socket(Worker& worker);
  void flush_when_writable(WorkerId id);

  Loop& loop_;
  ZygoteOptions options_;
  CoreGate& gate_;
  SupervisorListener& listener_;
  ZygoteProcess zygote_;
  Loop::WatchId zygote_socket_watch_ = 0, zygote_pidfd_watch_ = 0;
  RestartBudget restarts_;
  std::uint64_t restarts_total_ = 0;
  std::string last_failure_;
  std::map<WorkerId, Worker> workers_;  // with the spare
  std::optional<WorkerId> spare_;
  Instant next_spare_after_{};
  WorkerId next_spare_ = kFirstSpare;
};

}  // namespace genepool

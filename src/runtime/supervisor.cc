#include "runtime/supervisor.h"

#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "base/log.h"

namespace genepool {
namespace {

constexpr int kLastWordsMs = 5;

void send_kill(const UniqueFd& pidfd) {
  if (pidfd.is_open()) ::syscall(SYS_pidfd_send_signal, pidfd.get(), SIGKILL, nullptr, 0);
}

// Reaps a child of ours (the zygote, or a worker that a dead zygote left to a subreaper); says nothing of others' children.
std::optional<int> reap(const UniqueFd& pidfd) {
  siginfo_t info{};
  if (::waitid(P_PIDFD, static_cast<id_t>(pidfd.get()), &info, WEXITED | WNOHANG) != 0 || info.si_pid == 0) return {};
  return info.si_code == CLD_EXITED ? info.si_status << 8 : info.si_status;
}

bool waits_until_gone(const UniqueFd& pidfd, Duration limit) {
  pollfd poller{pidfd.get(), POLLIN, 0};
  return ::poll(&poller, 1, static_cast<int>(limit.count() / 1'000'000)) > 0;
}

std::string exit_text(const std::optional<int>& wait_status) {
  if (!wait_status) return "";
  if (WIFSIGNALED(*wait_status)) return fmt::format(" (signal {})", WTERMSIG(*wait_status));
  return fmt::format(" (exit status {})", WEXITSTATUS(*wait_status));
}

}  // namespace

Supervisor::Supervisor(Loop& loop, ZygoteOptions options, CoreGate& gate, SupervisorListener& listener)
    : loop_(loop), options_(std::move(options)), gate_(gate), listener_(listener) {}

Supervisor::~Supervisor() = default;

Result<void> Supervisor::start() {
  GENEPOOL_TRY(zygote_, start_zygote(options_, gate_));
  zygote_socket_watch_ = loop_.watch(zygote_.channel.fd(), [this] { on_zygote_readable(); });
  zygote_pidfd_watch_ = loop_.watch(zygote_.pidfd.get(), [this] { on_zygote_exit(); });
  return {};
}

// ---------------------------------------------------------------------------------------------------------- zygote

void Supervisor::on_zygote_readable() {
  auto frames = zygote_.channel.receive();
  if (!frames) {
    // The exit that explains it is on its way through the pidfd; a zygote that closed its socket and lives on is useless.
    loop_.unwatch(std::exchange(zygote_socket_watch_, 0));
    send_kill(zygote_.pidfd);
    return;
  }
  for (Frame& frame : *frames) {
    auto message = decode_from_zygote(frame);
    if (!message) {
      log(Level::kError, "zygote speaks nonsense", {{"error", message.error().message}});
      send_kill(zygote_.pidfd);
      return;
    }
    on_zygote_message(std::move(*message), std::move(frame.fd));
  }
}

void Supervisor::on_zygote_message(FromZygote&& message, UniqueFd fd) {
  if (const auto* hello = std::get_if<ZygoteHello>(&message)) {
    if (hello->protocol != kProtocolVersion) {
      last_failure_ = fmt::format("genepool-worker speaks protocol {}, wanted {}: use the one built with this program",
                                  hello->protocol, kProtocolVersion);
      send_kill(zygote_.pidfd);
      return;
    }
    last_failure_.clear();
    listener_.on_zygote_ready(*hello);
  } else if (const auto* failed = std::get_if<ZygoteFailed>(&message)) {
    last_failure_ = failed->error.message;
  } else if (const auto* spawned = std::get_if<WorkerSpawned>(&message)) {
    const auto found = workers_.find(spawned->worker);
    if (found == workers_.end()) return;
    Worker& worker = found->second;
    worker.pidfd = std::move(fd);
    worker.pid = spawned->pid;
    worker.pidfd_watch = loop_.watch(worker.pidfd.get(), [this, id = spawned->worker] { on_worker_exit(id); });
    if (worker.killed) send_kill(worker.pidfd);  // it was condemned before we could reach it
  } else if (const auto* refused = std::get_if<SpawnFailed>(&message)) {
    fail_worker(refused->worker, refused->error);
  } else if (const auto* reaped = std::get_if<WorkerReaped>(&message)) {
    const auto found = std::ranges::find(workers_, reaped->worker, [](const auto& entry) { return entry.second.forked_as; });
    if (found != workers_.end()) found->second.wait_status = reaped->wait_status;
  }
}

void Supervisor::on_zygote_exit() {
  const auto status = reap(zygote_.pidfd);
  // Its last words may still be in the socket: a failure to load, the pidfds of workers it has forked.
  if (zygote_socket_watch_ != 0) on_zygote_readable();
  lose_zygote(last_failure_.empty() ? "the zygote died" + exit_text(status) : last_failure_);
}

void Supervisor::lose_zygote(const std::string& why) {
  if (zygote_socket_watch_ != 0) loop_.unwatch(std::exchange(zygote_socket_watch_, 0));
  loop_.unwatch(std::exchange(zygote_pidfd_watch_, 0));
  zygote_ = ZygoteProcess{};
  const bool is_final = !restarts_.spend(monotonic_now());
  log(Level::kError, is_final ? "zygote lost, given up" : "zygote lost, starting it again", {{"why", why}});
  listener_.on_zygote_lost(why, is_final);
  fail_unborn();  // after that, so that they are not tried again before there is a zygote
  if (is_final) return;
  ++restarts_total_;
  if (auto started = start(); !started) listener_.on_zygote_lost(started.error().message, true);
}

// Not a worker's death: no genome is to blame.
void Supervisor::fail_unborn() {
  std::vector<WorkerId> unborn;
  for (const auto& [id, worker] : workers_) {
    if (!worker.pidfd.is_open()) unborn.push_back(id);
  }
  for (const WorkerId id : unborn) {
    fail_worker(id, Error{Code::kUnavailable, "the zygote died before the worker was born", "", std::nullopt});
  }
}

// ---------------------------------------------------------------------------------------------------------- workers

void Supervisor::spawn(WorkerId id, const std::string& genome_hex, int page, int saved_kv) {
  const ToWorker attach = AttachPage{genome_hex, page >= 0};
  Result<void> sent;
  if (take_spare(id)) {
    sent = workers_.at(id).channel.send(attach, page);
  } else {
    sent = fork(id, attach, page);
  }
  Worker& worker = workers_.at(id);
  worker.genome_hex = genome_hex;
  if (sent && saved_kv >= 0) sent = worker.channel.send(ToWorker{OfferKv{}}, saved_kv);
  if (!sent) return fail_worker(id, Error{Code::kUnavailable, sent.error().message, "", std::nullopt});
  flush_when_writable(id);
}

// `first` goes ahead of the fork: the worker finds it in its socket.
Result<void> Supervisor::fork(WorkerId id, const ToWorker& first, int passed) {
  Worker& worker = workers_[id];
  worker.spawned = monotonic_now();
  worker.forked_as = id;
  GENEPOOL_TRY(auto pair, make_socket_pair());
  worker.channel = FrameChannel(std::move(pair.first));
  worker.socket_watch = loop_.watch(worker.channel.fd(), [this, id] { on_worker_readable(id); });
  GENEPOOL_TRY_VOID(worker.channel.send(first, passed));
  return zygote_.channel.send(ToZygote{ForkWorker{id}}, pair.second.get());
}

void Supervisor::keep_spare() {
  if (spare_ || !zygote_.channel.is_open() || monotonic_now() < next_spare_after_) return;
  spare_ = next_spare_++;
  if (const auto forked = fork(*spare_, Rehearse{}, -1); !forked) fail_worker(*spare_, forked.error());
}

// The spare lives on as `id`. False: there is none, it is still being born, or it is dead and the pidfd is about to say so.
bool Supervisor::take_spare(WorkerId id) {
  if (!spare_) return false;
  const Worker& born = workers_.at(*spare_);
  pollfd end{born.pidfd.get(), POLLIN, 0};
  if (!born.has_greeted || !born.channel.is_open() || !born.pidfd.is_open() || ::poll(&end, 1, 0) != 0) return false;
  auto node = workers_.extract(*std::exchange(spare_, std::nullopt));
  node.key() = id;
  Worker& worker = workers_.insert(std::move(node)).position->second;
  worker.spawned = monotonic_now();
  loop_.unwatch(worker.socket_watch);
  loop_.unwatch(worker.pidfd_watch);
  worker.socket_watch = loop_.watch(worker.channel.fd(), [this, id] { on_worker_readable(id); });
  worker.pidfd_watch = loop_.watch(worker.pidfd.get(), [this, id] { on_worker_exit(id); });
  return true;
}

void Supervisor::forget_spare() {
  log(Level::kWarn, "the spare worker ended, genomes start without one for a while");
  spare_.reset();
  next_spare_after_ = monotonic_now() + kSpareAgain;
}

Result<void> Supervisor::send(WorkerId id, const ToWorker& message, int passed) {
  const auto found = workers_.find(id);
  if (found == workers_.end() || !found->second.channel.is_open()) return {};
  if (auto sent = found->second.channel.send(message, passed); !sent) {
    if (sent.error().code == Code::kTooLarge || sent.error().code == Code::kQueueFull) return sent;
    // Usually it is dead already and the pidfd says so next; that death is its own.
    send_kill(found->second.pidfd);
    return {};
  }
  flush_when_writable(id);
  return {};
}

void Supervisor::flush_when_writable(WorkerId id) {
  Worker& worker = workers_.at(id);
  if (!worker.channel.wants_write()) return;
  loop_.when_writable(worker.socket_watch, [this, id] {
    const auto found = workers_.find(id);
    if (found == workers_.end() || !found->second.channel.is_open()) return;
    if (auto flushed = found->second.channel.flush(); !flushed) return kill(id);
    flush_when_writable(id);
  });
}

void Supervisor::kill(WorkerId id) {
  const auto found = workers_.find(id);
  if (found == workers_.end()) return;
  if (!found->second.killed) found->second.killed = monotonic_now();
  send_kill(found->second.pidfd);
}

void Supervisor::check_starts() {
  const Instant now = monotonic_now();
  std::vector<WorkerId> late;
  for (const auto& [id, worker] : workers_) {
    const bool has_started = id == spare_ ? worker.has_greeted : worker.is_ready;
    const Duration limit = worker.forked_as == id ? kStartLimit : kSpareLimit;
    if (!has_started && !worker.has_failed && now - worker.spawned > limit) late.push_back(id);
  }
  for (const WorkerId id : late) {
    fail_worker(id, Error{Code::kUnavailable, "the worker did not get ready in time", "", std::nullopt});
  }
}

void Supervisor::close_socket(Worker& worker) {
  if (worker.socket_watch != 0) loop_.unwatch(std::exchange(worker.socket_watch, 0));
  worker.channel.close();
}

void Supervisor::on_worker_readable(WorkerId id) {
  auto frames = workers_.at(id).channel.receive();
  if (!frames) {
    Worker& worker = workers_.at(id);
    close_socket(worker);
    // Without a socket it is of no use; usually it is dead already and the pidfd says so next.
    send_kill(worker.pidfd);
    return;
  }
  for (Frame& frame : *frames) {
    auto message = decode_from_worker(frame);
    if (!message) {
      log(Level::kError, "a worker speaks nonsense", {{"worker", std::to_string(id)}, {"error", message.error().message}});
      return kill(id);
    }
    on_worker_frame(id, std::move(*message), std::move(frame.fd));
    if (!workers_.contains(id)) return;
  }
}

void Supervisor::on_worker_frame(WorkerId id, FromWorker&& message, UniqueFd passed) {
  Worker& worker = workers_.at(id);
  if (std::get_if<WorkerHello>(&message) != nullptr) {
    worker.start.spawn = monotonic_now() - worker.spawned;
    worker.has_greeted = true;
  } else if (const auto* ready = std::get_if<Ready>(&message)) {
    // The promise that the wrong adapter cannot answer: the worker repeats whose page it has.
    GENEPOOL_CHECK(ready->genome == worker.genome_hex, "worker {} has {}, wanted {}", id, ready->genome, worker.genome_hex);
    worker.start.attach = std::chrono::microseconds(ready->attach_us);
    worker.start.reserve = std::chrono::microseconds(ready->reserve_us);
    worker.is_ready = true;
    listener_.on_worker_ready(id, worker.start);
  } else if (const auto* failed = std::get_if<AttachFailed>(&message)) {
    fail_worker(id, failed->error);
  } else {
    listener_.on_worker_message(id, std::move(message), std::move(passed));
  }
}

void Supervisor::fail_worker(WorkerId id, const Error& error) {
  const auto found = workers_.find(id);
  if (found == workers_.end() || found->second.has_failed) return;
  Worker& worker = found->second;
  worker.has_failed = true;
  const bool is_spare = id == spare_;
  close_socket(worker);
  if (worker.pidfd.is_open()) {
    kill(id);  // forgotten when the pidfd fires
  } else {
    workers_.erase(found);
  }
  if (is_spare) return forget_spare();
  listener_.on_worker_failed(id, error);
}

void Supervisor::on_worker_exit(WorkerId id) {
  if (auto status = reap(workers_.at(id).pidfd)) workers_.at(id).wait_status = status;
  // The zygote is its parent and tells how it ended, a moment later than the pidfd tells that it did. Nobody waits for the
  // reason of a death that we caused.
  if (!workers_.at(id).killed && !workers_.at(id).wait_status && zygote_socket_watch_ != 0) {
    pollfd last_words{zygote_.channel.fd(), POLLIN, 0};
    if (::poll(&last_words, 1, kLastWordsMs) == 1) on_zygote_readable();
    if (!workers_.contains(id)) return;
  }
  // What it said before it ended counts: the last tokens of an answer, or the reason it could not attach.
  if (workers_.at(id).channel.is_open()) on_worker_readable(id);
  Worker& worker = workers_.at(id);
  loop_.unwatch(worker.pidfd_watch);
  close_socket(worker);
  gate_.reclaim(worker.forked_as);
  WorkerEnd end;
  if (worker.killed) end.teardown = monotonic_now() - *worker.killed;
  if (worker.wait_status) {
    end.by_signal = WIFSIGNALED(*worker.wait_status);
    end.detail = end.by_signal ? WTERMSIG(*worker.wait_status) : WEXITSTATUS(*worker.wait_status);
  }
  const bool is_ready = worker.is_ready;
  const bool has_failed = worker.has_failed;
  workers_.erase(id);
  if (has_failed) return;
  if (id == spare_) return forget_spare();
  if (is_ready || end.teardown) return listener_.on_worker_gone(id, end);
  listener_.on_worker_failed(id, Error{Code::kWorkerDied, "the worker died while it was starting", "", std::nullopt});
}

int Supervisor::pid_of(WorkerId worker) const {
  const auto found = workers_.find(worker);
  return found == workers_.end() ? 0 : found->second.pid;
}

int Supervisor::spare_pid() const { return spare_ && workers_.at(*spare_).has_greeted ? pid_of(*spare_) : 0; }

void Supervisor::shut_down(Duration limit) {
  const Instant end = monotonic_now() + limit;
  if (zygote_socket_watch_ != 0) loop_.unwatch(std::exchange(zygote_socket_watch_, 0));
  if (zygote_pidfd_watch_ != 0) loop_.unwatch(std::exchange(zygote_pidfd_watch_, 0));
  for (auto& [id, worker] : workers_) {
    if (worker.pidfd_watch != 0) loop_.unwatch(worker.pidfd_watch);
    close_socket(worker);  // ends also those whose pidfd has not reached us
    send_kill(worker.pidfd);
  }
  for (auto& [id, worker] : workers_) {
    if (!worker.pidfd.is_open()) continue;
    if (!waits_until_gone(worker.pidfd, end - monotonic_now())) log(Level::kError, "a worker outlived its SIGKILL");
    (void)reap(worker.pidfd);
  }
  workers_.clear();
  zygote_.channel.close();
  if (!zygote_.pidfd.is_open()) return;
  if (!waits_until_gone(zygote_.pidfd, end - monotonic_now())) {
    send_kill(zygote_.pidfd);
    (void)waits_until_gone(zygote_.pidfd, std::chrono::seconds(1));
  }
  (void)reap(zygote_.pidfd);
  zygote_ = ZygoteProcess{};
}

}  // namespace genepool

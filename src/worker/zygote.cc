// Runs in the zygote.
#include "worker/zygote.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "base/log.h"
#include "worker/frames.h"
#include "worker/worker_main.h"

namespace genepool {
namespace {

// What SIGKILL may take to end the workers when the supervisor is gone.
constexpr Duration kLastReap = std::chrono::seconds(2);

std::int64_t to_us(Duration d) { return std::chrono::duration_cast<std::chrono::microseconds>(d).count(); }

// 0 when it cannot be read: no reason to refuse work.
int thread_count() {
  const UniqueFd fd(::open("/proc/self/status", O_RDONLY | O_CLOEXEC));
  std::array<char, 4096> text{};
  const ssize_t n = fd.is_open() ? ::read(fd.get(), text.data(), text.size() - 1) : 0;
  const char* line = n > 0 ? std::strstr(text.data(), "\nThreads:") : nullptr;
  return line == nullptr ? 0 : std::atoi(line + sizeof "\nThreads:" - 1);
}

// The sanitizer's own background thread is stopped by its fork handlers.
#ifdef __SANITIZE_THREAD__
constexpr int kExpectedThreads = 2;
#else
constexpr int kExpectedThreads = 1;
#endif

// The first choice when memory runs out: a worker can be made again, the server and the zygote cannot so easily.
void prefer_for_oom() {
  const UniqueFd fd(::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC));
  if (fd.is_open()) (void)!::write(fd.get(), "500", 3);
}

// A forked child drops all that is the zygote's: every descriptor but the standard ones and its own socket, which becomes 3.
UniqueFd keep_only_socket(int socket) {
  constexpr int kSocket = 3;
  if (socket != kSocket) ::dup2(socket, kSocket);
  ::close_range(kSocket + 1, ~0U, 0);
  return UniqueFd(kSocket);
}

// Inherited by every fork and never unmapped.
ThreadKnowledge* shared_knowledge() {
  void* memory = ::mmap(nullptr, sizeof(ThreadKnowledge), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  GENEPOOL_CHECK(memory != MAP_FAILED);
  return new (memory) ThreadKnowledge();
}

class Zygote {
 public:
  Zygote(UniqueFd socket, CoreGate gate, std::unique_ptr<Engine> engine, const ZygoteOptions& options, const EngineInfo& info)
      : channel_(std::move(socket)), gate_(std::move(gate)), engine_(std::move(engine)) {
    const EngineOptions& e = options.engine_options;
    worker_options_.batcher = {info.context_size, e.sequences, e.batch_size, options.deterministic};
    worker_options_.threads = e.threads;
    worker_options_.knowledge = shared_knowledge();
  }

  int run(const ZygoteHello& hello) {
    bool is_connected = send(hello);
    while (is_connected) {
      wait(-1);
      reap();
      is_connected = read_channel() && channel_.flush().has_value();
    }
    end_workers();
    return 0;
  }

 private:
  struct Child {
    WorkerId worker;
    pid_t pid;
    UniqueFd pidfd;
  };

  bool send(const FromZygote& message, int passed = -1) { return channel_.send(message, passed).has_value(); }

  void wait(int timeout_ms) {
    std::vector<pollfd> pollers;
    if (channel_.is_open()) {
      pollers.push_back({channel_.fd(), static_cast<short>(POLLIN | (channel_.wants_write() ? POLLOUT : 0)), 0});
    }
    for (const Child& child : children_) pollers.push_back({child.pidfd.get(), POLLIN, 0});
    (void)::poll(pollers.data(), pollers.size(), timeout_ms);
  }

  bool read_channel() {
    auto frames = channel_.receive();
    if (!frames) return false;
    for (Frame& frame : *frames) {
      auto message = decode_to_zygote(frame);
      if (!message || !frame.fd.is_open()) return false;
      const WorkerId worker = std::get<ForkWorker>(*message).worker;
      if (auto forked = fork_worker(worker, frame.fd.get()); !forked && !send(SpawnFailed{worker, forked.error()})) return false;
    }
    return true;
  }

  Result<void> fork_worker(WorkerId worker, int socket) {
    if (const int threads = thread_count(); threads > kExpectedThreads) {
      return fail(Code::kInternal, "the zygote has {} threads: a fork would lose all but one", threads);
    }
    const Instant start = monotonic_now();
    // Not clone3: glibc's fork also renews the thread id that the core gate's lock is owned by.
    const pid_t pid = ::fork();
    if (pid == 0) become_worker(worker, socket);
    const Duration took = monotonic_now() - start;
    if (pid < 0) return fail_errno("fork a worker", errno);
    Child child{worker, pid, UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)))};
    if (!child.pidfd.is_open()) {
      const int error = errno;
      ::kill(pid, SIGKILL);
      ::waitpid(pid, nullptr, 0);
      return fail_errno("watch a worker", error);
    }
    (void)send(WorkerSpawned{worker, pid, to_us(took)}, child.pidfd.get());
    children_.push_back(std::move(child));
    return {};
  }

  [[noreturn]] void become_worker(WorkerId worker, int socket) {
    UniqueFd own = keep_only_socket(socket);
    prefer_for_oom();
    run_worker(worker, std::move(own), *engine_, gate_, worker_options_);
  }

  void reap() {
    std::erase_if(children_, [this](const Child& child) {
      int status = 0;
      if (::waitpid(child.pid, &status, WNOHANG) != child.pid) return false;
      if (channel_.is_open()) (void)send(WorkerReaped{child.worker, status});
      return true;
    });
  }

  // Most have seen their own socket close already; one that hangs has not.
  void end_workers() {
    channel_.close();
    for (const Child& child : children_) ::kill(child.pid, SIGKILL);
    const Instant end = monotonic_now() + kLastReap;
    for (reap(); !children_.empty() && monotonic_now() < end; reap()) wait(50);
  }

  FrameChannel channel_;
  CoreGate gate_;
  std::unique_ptr<Engine> engine_;
  WorkerOptions worker_options_;
  std::vector<Child> children_;
};

// The supervisor decides when a worker ends: a service manager's SIGTERM to the whole family must not cut answers off.
void ignore_signals() {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) ::signal(signal, SIG_IGN);
}

int fail_load(UniqueFd socket, const Error& error) {
  log(Level::kError, "the zygote cannot load", {{"error", error.message}});
  FrameChannel channel(std::move(socket));
  (void)channel.send(ZygoteFailed{error});
  return 1;
}

}  // namespace

int run_zygote(UniqueFd socket, UniqueFd gate_fd, Result<std::unique_ptr<Engine>> engine, const ZygoteOptions& options) {
  ignore_signals();
  if (!engine) return fail_load(std::move(socket), engine.error());
  auto gate = CoreGate::open(std::move(gate_fd));
  if (!gate) return fail_load(std::move(socket), gate.error());
  const Instant start = monotonic_now();
  auto info = (*engine)->load(options.engine_options);
  if (!info) return fail_load(std::move(socket), info.error());
  const ZygoteHello hello{kProtocolVersion, *info, to_us(monotonic_now() - start)};
  Zygote zygote(std::move(socket), std::move(*gate), std::move(*engine), options, *info);
  return zygote.run(hello);
}

}  // namespace genepool

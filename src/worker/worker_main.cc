// Runs in workers.
#include "worker/worker_main.h"

#include <poll.h>
#include <unistd.h>

#include "base/log.h"
#include "worker/frames.h"
#include "worker/layer_probe.h"
#include "worker/orphan_guard.h"
#include "worker/thread_choice.h"

namespace genepool {
namespace {

// Exit statuses: what the supervisor sees when no message could say it.
enum ExitStatus { kOrphaned = 0, kProtocolBroken = 70, kEngineFailed = 71 };

// The abort callback comes between graph nodes, some 1,000 times per step; a look at the socket costs 1 us.
constexpr Duration kLookInterval = std::chrono::milliseconds(2);
constexpr Duration kBeatInterval = kHeartbeatInterval / 2;
// What a rehearsal saves is milliseconds on any base, and a step of a large one takes seconds.
constexpr Duration kRehearsalLimit = std::chrono::milliseconds(200);

std::int64_t to_us(Duration d) { return std::chrono::duration_cast<std::chrono::microseconds>(d).count(); }

class Worker {
 public:
  Worker(WorkerId id, UniqueFd socket, Engine& engine, CoreGate& gate, const WorkerOptions& options)
      : id_(id),
        channel_(std::move(socket)),
        engine_(engine),
        gate_(gate),
        batch_size_(options.batcher.batch_size),
        threads_(options.batcher.deterministic ? 1 : options.threads, *options.knowledge),
        batcher_(engine, options.batcher, [this](const FromWorker& message) { send(message); }) {}

  [[noreturn]] void run() {
    guard_against_orphanhood(channel_.fd());
    send(WorkerHello{kProtocolVersion, static_cast<std::int32_t>(::getpid())});
    engine_.set_abort([this] { return look_from_decode(); });
    for (;;) {
      read_socket();
      if (wants_rehearsal_) {
        rehearse();
      } else if (probed_) {
        probe();
      } else if (batcher_.has_work()) {
        compute();
      } else {
        wait();
      }
    }
  }

 private:
  void wait() {
    pollfd poller{channel_.fd(), static_cast<short>(POLLIN | (channel_.wants_write() ? POLLOUT : 0)), 0};
    (void)::poll(&poller, 1, -1);
    flush();
  }

  // The gate is held until the step's tokens are drawn and sent: that is computing, too.
  void compute() {
    const int granted = gate_.enter(threads_.most(monotonic_now()), [this] { return look_from_gate(); });
    if (granted == 0) return;
    threads_.begin(granted, monotonic_now());
    auto stepped = batcher_.step(granted, gate_.usage().waiting > 0);
    threads_.end(batcher_.step_tokens(), monotonic_now(), stepped && *stepped == DecodeStatus::kAborted);
    gate_.leave();
    if (!stepped) end(kEngineFailed, stepped.error().message);
    flush();
  }

  // Whoever sends something ends it, for from then on somebody waits.
  void rehearse() {
    wants_rehearsal_ = false;
    if (!gate_.sit(id_) || gate_.enter(1, [this] { return has_mail(); }) == 0) return;
    is_rehearsing_ = true;
    rehearsal_end_ = monotonic_now() + kRehearsalLimit;
    const auto rehearsed = engine_.rehearse();
    is_rehearsing_ = false;
    gate_.leave();
    if (!rehearsed) end(kEngineFailed, rehearsed.error().message);
  }

  [[nodiscard]] bool has_mail() const {
    pollfd poller{channel_.fd(), POLLIN, 0};
    return ::poll(&poller, 1, 0) == 1;
  }

  void probe() {
    Mapping page = std::move(*probed_);
    auto effect = probe_layer(engine_, std::move(page), batch_size_, [this](std::span<const BatchToken> batch) {
      (void)gate_.enter(1, [this] { return beat_from_gate(); });
      auto status = engine_.decode(batch, 1);
      gate_.leave();
      return status;
    });
    probed_.reset();
    if (effect) {
      send(ProbeDone{*effect});
    } else {
      send(ProbeFailed{effect.error()});
    }
  }

  bool beat_from_gate() {
    beat(true);
    return false;
  }

  bool look_from_gate() {
    read_socket();
    beat(true);
    return !batcher_.has_work();
  }

  bool look_from_decode() {
    if (is_rehearsing_) return has_mail() || monotonic_now() > rehearsal_end_;  // nothing is handled inside of it: a page cannot be attached there
    const Instant now = monotonic_now();
    if (now - last_look_ >= kLookInterval) {
      last_look_ = now;
      read_socket();
      beat(false);
    }
    if (probed_) return false;
    return batcher_.should_abort() || threads_.is_hopeless(batcher_.step_tokens(), now);
  }

  void beat(bool is_at_gate) {
    const Instant now = monotonic_now();
    if (now - last_beat_ < kBeatInterval) return;
    last_beat_ = now;
    send(Heartbeat{is_at_gate});
  }

  // ---- socket

  void read_socket() {
    auto frames = channel_.receive();
    if (!frames) end_by(frames.error());
    for (Frame& frame : *frames) {
      auto message = decode_to_worker(frame);
      if (!message) end_by(message.error());
      std::visit([&](const auto& m) { handle(m, std::move(frame.fd)); }, *message);
    }
  }

  void send(const FromWorker& message, int passed = -1) {
    if (auto sent = channel_.send(message, passed); !sent) end_by(sent.error());
  }

  void flush() {
    if (!channel_.wants_write()) return;
    if (auto flushed = channel_.flush(); !flushed) end_by(flushed.error());
  }

  [[noreturn]] void end_by(const Error& error) {
    if (error.code == Code::kUnreachable) ::_exit(kOrphaned);
    end(kProtocolBroken, error.message);
  }

  [[noreturn]] void end(ExitStatus status, const std::string& why) {
    log(Level::kError, "a worker gives up", {{"pid", std::to_string(::getpid())}, {"genome", genome_}, {"error", why}});
    ::_exit(status);
  }

  // ---- messages

  void handle(const Rehearse& /*message*/, const UniqueFd& /*none*/) { wants_rehearsal_ = true; }

  void handle(const AttachPage& message, UniqueFd page) {
    wants_rehearsal_ = false;
    if (!genome_.empty()) end(kProtocolBroken, "a second page");
    auto times = attach(message, page.get());
    if (!times) {
      send(AttachFailed{times.error()});
      return;
    }
    genome_ = message.genome;
    send(Ready{genome_, to_us(times->attach), to_us(times->reserve)});
  }

  Result<AttachTimes> attach(const AttachPage& message, int page) {
    const Instant start = monotonic_now();
    if (message.genome.empty() || message.has_page != (page >= 0)) {
      return fail(Code::kBadRequest, "the message and its page do not fit each other");
    }
    // Unsealed bytes could change under us after they were checked.
    if (message.has_page && !is_sealed_fd(page)) return fail(Code::kBadRequest, "the page is not sealed");
    GENEPOOL_TRY_VOID(gate_.sit(id_));
    Mapping mapping;
    if (message.has_page) {
      GENEPOOL_TRY(mapping, Mapping::of_fd(page, /*is_populated=*/true));
    }
    GENEPOOL_TRY(AttachTimes times, engine_.attach(std::move(mapping)));
    times.attach = monotonic_now() - start - times.reserve;
    return times;
  }

  void handle(const Generate& message, const UniqueFd& /*none*/) {
    if (message.genome == genome_ && !genome_.empty()) return batcher_.start(message);
    const std::string why = fmt::format("this worker has genome \"{}\", not \"{}\"", genome_, message.genome);
    send(GenerateFailed{message.request, Error{Code::kInternal, why, "", std::nullopt}});
  }

  void handle(const ProbeLayer& /*message*/, const UniqueFd& page) {
    const auto refuse = [this](const Error& error) { send(ProbeFailed{error}); };
    if (!page.is_open() || !is_sealed_fd(page.get())) return refuse({Code::kBadRequest, "the page is not sealed", "", std::nullopt});
    auto mapping = Mapping::of_fd(page.get());
    if (!mapping) return refuse(mapping.error());
    probed_ = std::move(*mapping);
  }

  void handle(const OfferKv& /*message*/, const UniqueFd& bytes) {
    const auto take = [&]() -> Result<SavedKv> {
      if (!bytes.is_open() || !is_sealed_fd(bytes.get())) return fail(Code::kBadRequest, "the saved KV is not sealed");
      GENEPOOL_TRY(Mapping mapping, Mapping::of_fd(bytes.get()));
      return SavedKv::parse(std::move(mapping), genome_);
    };
    if (auto saved = take()) return batcher_.offer_kv(std::move(*saved));
    else log(Level::kError, "saved KV is not used", {{"genome", genome_}, {"error", saved.error().message}});
  }

  void handle(const SaveKv& message, const UniqueFd& /*none*/) {
    const auto saved = batcher_.save_kv(genome_, message.most_bytes);
    if (!saved) log(Level::kError, "the KV is not saved", {{"genome", genome_}, {"error", saved.error().message}});
    if (!saved || !*saved) return send(KvSaved{});
    send(KvSaved{static_cast<std::uint32_t>((*saved)->tokens)}, (*saved)->file.fd());
  }

  void handle(const CancelRequest& message, const UniqueFd& /*none*/) { batcher_.cancel(message.request); }
  void handle(const Ping& message, const UniqueFd& /*none*/) { send(Pong{message.nonce}); }

  WorkerId id_;  // as it was forked
  FrameChannel channel_;
  Engine& engine_;
  CoreGate& gate_;
  std::uint32_t batch_size_;
  ThreadChoice threads_;
  Batcher batcher_;
  std::string genome_;  // "" until attached
  std::optional<Mapping> probed_;  // a layer to be probed, and while it is
  bool wants_rehearsal_ = false, is_rehearsing_ = false;
  Instant last_look_{}, last_beat_{}, rehearsal_end_{};
};

}  // namespace

void run_worker(WorkerId id, UniqueFd socket, Engine& engine, CoreGate& gate, const WorkerOptions& options) {
  Worker worker(id, std::move(socket), engine, gate, options);
  worker.run();
}

}  // namespace genepool

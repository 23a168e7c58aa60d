// For tests: a supervisor's side of a real zygote and its workers, with blocking waits.
#pragma once

#include <poll.h>

#include <filesystem>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/memory_file.h"
#include "worker/core_gate.h"
#include "worker/frames.h"
#include "worker/zygote_process.h"

namespace genepool {

inline constexpr Duration kPatience = std::chrono::seconds(30);  // sanitized builds on busy machines are slow

inline bool wait_readable(int fd, Duration limit) {
  pollfd poller{fd, POLLIN, 0};
  return ::poll(&poller, 1, static_cast<int>(limit / std::chrono::milliseconds(1))) > 0;
}

inline std::size_t open_fd_count() {
  const std::filesystem::directory_iterator entries("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
}

// The messages of one peer, with the descriptors that came along.
template <class Message, Result<Message> (*kDecode)(const Frame&)>
class Peer {
 public:
  Peer() = default;
  explicit Peer(FrameChannel own_end) : channel(std::move(own_end)) {}

  // The next message that is an M; others are kept for later. None at the end of the stream or after kPatience.
  template <class M>
  std::optional<M> next(UniqueFd* fd = nullptr) {
    const Instant end = monotonic_now() + kPatience;
    for (;;) {
      for (auto it = inbox_.begin(); it != inbox_.end(); ++it) {
        if (!std::holds_alternative<M>(it->first)) continue;
        M found = std::get<M>(std::move(it->first));
        if (fd != nullptr) *fd = std::move(it->second);
        inbox_.erase(it);
        return found;
      }
      if (!fill(end - monotonic_now())) return {};
    }
  }

  // Whether the other side closes within `limit`; what comes before is dropped.
  bool closes_within(Duration limit) {
    const Instant end = monotonic_now() + limit;
    while (monotonic_now() < end) {
      if (!wait_readable(channel.fd(), end - monotonic_now())) return false;
      if (!channel.receive()) return true;
    }
    return false;
  }

  FrameChannel channel;

 private:
  bool fill(Duration limit) {
    if (limit <= Duration{} || !wait_readable(channel.fd(), limit)) return false;
    auto frames = channel.receive();
    if (!frames) return false;
    for (Frame& frame : *frames) {
      auto message = kDecode(frame);
      if (!message) return false;
      inbox_.emplace_back(std::move(*message), std::move(frame.fd));
    }
    return true;
  }

  std::vector<std::pair<Message, UniqueFd>> inbox_;
};

using ZygotePeer = Peer<FromZygote, decode_from_zygote>;
using WorkerPeer = Peer<FromWorker, decode_from_worker>;

struct TestWorker {
  WorkerPeer peer;
  UniqueFd pidfd;
  int pid = 0;
  std::string genome;
  Ready ready;

  [[nodiscard]] bool is_gone_within(Duration limit) const { return wait_readable(pidfd.get(), limit); }
};

struct Answer {
  std::string text;
  std::uint32_t tokens = 0;
  std::optional<GenerateDone> done;
  std::optional<Error> error;
};

inline Generate make_generate(RequestId id, const std::string& genome, std::string prompt, std::uint32_t max_tokens) {
  Generate generate;
  generate.request = id;
  generate.genome = genome;
  generate.prompt = std::move(prompt);
  generate.sampling.temperature = 0;
  generate.max_tokens = max_tokens;
  return generate;
}

// Reads until the request of the only generation in flight has ended.
inline Answer finish_answer(WorkerPeer& peer) {
  Answer answer;
  const Instant end = monotonic_now() + kPatience;
  while (monotonic_now() < end && wait_readable(peer.channel.fd(), end - monotonic_now())) {
    auto frames = peer.channel.receive();
    if (!frames) return answer;
    for (const Frame& frame : *frames) {
      auto message = decode_from_worker(frame);
      if (!message) return answer;
      if (const auto* out = std::get_if<TokensOut>(&*message)) {
        answer.text += out->text;
        answer.tokens += out->tokens;
      } else if (const auto* done = std::get_if<GenerateDone>(&*message)) {
        answer.done = *done;
      } else if (const auto* failed = std::get_if<GenerateFailed>(&*message)) {
        answer.error = failed->error;
      }
    }
    if (answer.done || answer.error) return answer;
  }
  return answer;
}

inline MemoryFile sealed_page(const std::string& bytes) {
  MemoryFile page = std::move(MemoryFile::create("page", bytes.size()).value());
  std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(page.writable().data()));
  (void)page.seal();
  return page;
}

}  // namespace genepool

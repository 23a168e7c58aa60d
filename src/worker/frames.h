// FrameChannel: length-prefixed frames over a Unix stream socket, each with at most one descriptor (SCM_RIGHTS), and the
// encoding of messages.h into them. Non-blocking on both sides.
// Frame: u32 payload size, u16 type, u16 flags (1 = a descriptor comes along), then the payload; little-endian.
// Owner: one side of one socket. Thread: one at a time. Bounds: a frame <= kMaxFrame, unsent bytes <= kMaxUnsent.
// Use:   channel.send(Ping{7});            // writes now what the socket takes; flush() when it is writable again
//        for (Frame& f : *channel.receive()) { auto message = decode_from_worker(f); ... }
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/unique_fd.h"
#include "worker/messages.h"

namespace genepool {

inline constexpr std::size_t kMaxFrame = 8 << 20;
inline constexpr std::size_t kMaxUnsent = 32 << 20;

struct Frame {
  std::uint16_t type = 0;  // index of the message in its variant
  std::vector<std::byte> payload;
  UniqueFd fd;
};

class FrameChannel {
 public:
  FrameChannel() = default;
  explicit FrameChannel(UniqueFd socket);  // is set non-blocking and close-on-exec

  [[nodiscard]] int fd() const { return socket_.get(); }
  [[nodiscard]] bool is_open() const { return socket_.is_open(); }
  void close() { socket_.reset(); }

  // `passed` is duplicated into the message and stays the caller's. kUnreachable: the peer is gone. kTooLarge: a bound.
  [[nodiscard]] Result<void> send(const ToZygote& message, int passed = -1);
  [[nodiscard]] Result<void> send(const FromZygote& message, int passed = -1);
  [[nodiscard]] Result<void> send(const ToWorker& message, int passed = -1);
  [[nodiscard]] Result<void> send(const FromWorker& message, int passed = -1);

  [[nodiscard]] bool wants_write() const { return !unsent_.empty(); }
  [[nodiscard]] Result<void> flush();

  // All whole frames that are there now, maybe none. kUnreachable at the end of the stream; kBadRequest: not our protocol.
  [[nodiscard]] Result<std::vector<Frame>> receive();

 private:
  struct Outgoing {
    std::vector<std::byte> bytes;
    std::size_t done = 0;
    UniqueFd fd;
  };
  [[nodiscard]] Result<void> enqueue(std::uint16_t type, std::vector<std::byte> payload, int passed);
  [[nodiscard]] Result<bool> read_some();  // true: there may be more
  [[nodiscard]] Result<std::vector<Frame>> take_frames();

  UniqueFd socket_;
  std::deque<Outgoing> unsent_;
  std::size_t unsent_bytes_ = 0;
  std::vector<std::byte> received_;
  std::deque<UniqueFd> received_fds_;
};

// A connected pair of Unix stream sockets, close-on-exec.
[[nodiscard]] Result<std::pair<UniqueFd, UniqueFd>> make_socket_pair();

// kBadRequest: unknown type, short or long payload.
[[nodiscard]] Result<ToZygote> decode_to_zygote(const Frame& frame);
[[nodiscard]] Result<FromZygote> decode_from_zygote(const Frame& frame);
[[nodiscard]] Result<ToWorker> decode_to_worker(const Frame& frame);
[[nodiscard]] Result<FromWorker> decode_from_worker(const Frame& frame);

}  // namespace genepool

// Runs in the server, the zygote and the workers.
#include "worker/frames.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <iterator>

#include "worker/codec.h"

namespace genepool {
namespace {

constexpr std::size_t kHeaderSize = 8;
constexpr std::uint16_t kHasDescriptor = 1;
// Descriptors that arrived before their frame was whole. Ours come one per frame; more than this is not our protocol.
constexpr std::size_t kMaxPendingFds = 64;
constexpr std::size_t kFdsPerRead = 16;
constexpr std::size_t kReadSize = 64 << 10;

struct Header {
  std::uint32_t size = 0;
  std::uint16_t type = 0, flags = 0;
};
static_assert(sizeof(Header) == kHeaderSize);

struct Control {
  alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(kFdsPerRead * sizeof(int))> bytes{};
};

tl::unexpected<Error> fail_gone() { return fail(Code::kUnreachable, "the other process closed its socket"); }

Result<void> set_flags(int fd) {
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0 || ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 || ::fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) {
    return fail_errno("set up a socket", errno);
  }
  return {};
}

// Takes every descriptor of the message, also those of a stranger: what is not kept is closed.
void collect_fds(msghdr& message, std::deque<UniqueFd>& into) {
  for (cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c)) {
    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof fd);
      into.emplace_back(fd);
    }
  }
}

// One sendmsg; returns the bytes taken, 0 when the socket is full.
Result<std::size_t> write_some(int socket, std::span<const std::byte> bytes, int passed) {
  iovec part{const_cast<std::byte*>(bytes.data()), bytes.size()};
  Control control;
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (passed >= 0) {
    message.msg_control = control.bytes.data();
    message.msg_controllen = CMSG_SPACE(sizeof passed);
    cmsghdr* c = CMSG_FIRSTHDR(&message);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof passed);
    std::memcpy(CMSG_DATA(c), &passed, sizeof passed);
  }
  for (;;) {
    const ssize_t n = ::sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n >= 0) return static_cast<std::size_t>(n);
    if (errno == EINTR) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK) return 0;
    if (errno == EPIPE || errno == ECONNRESET) return fail_gone();
    return fail_errno("send a frame", errno);
  }
}

}  // namespace

FrameChannel::FrameChannel(UniqueFd socket) : socket_(std::move(socket)) {
  GENEPOOL_CHECK(set_flags(socket_.get()).has_value(), "descriptor {}", socket_.get());
}

Result<void> FrameChannel::send(const ToZygote& message, int passed) {
  Encoded e = encode(message);
  return enqueue(e.type, std::move(e.payload), passed);
}
Result<void> FrameChannel::send(const FromZygote& message, int passed) {
  Encoded e = encode(message);
  return enqueue(e.type, std::move(e.payload), passed);
}
Result<void> FrameChannel::send(const ToWorker& message, int passed) {
  Encoded e = encode(message);
  return enqueue(e.type, std::move(e.payload), passed);
}
Result<void> FrameChannel::send(const FromWorker& message, int passed) {
  Encoded e = encode(message);
  return enqueue(e.type, std::move(e.payload), passed);
}

Result<void> FrameChannel::enqueue(std::uint16_t type, std::vector<std::byte> payload, int passed) {
  if (!socket_.is_open()) return fail_gone();
  if (payload.size() > kMaxFrame) return fail(Code::kTooLarge, "{} bytes are too many for one message to another process, the most is {}", payload.size(),
                                                kMaxFrame);
  if (unsent_bytes_ + payload.size() + kHeaderSize > kMaxUnsent) {
    return fail(Code::kQueueFull, "the other process does not read: {} bytes are unsent", unsent_bytes_);
  }
  Outgoing out;
  if (passed >= 0) {
    out.fd.reset(::fcntl(passed, F_DUPFD_CLOEXEC, 0));
    if (!out.fd.is_open()) return fail_errno("pass a descriptor on", errno);
  }
  const Header header{static_cast<std::uint32_t>(payload.size()), type, passed >= 0 ? kHasDescriptor : std::uint16_t{0}};
  out.bytes.resize(kHeaderSize + payload.size());
  std::memcpy(out.bytes.data(), &header, kHeaderSize);
  std::copy(payload.begin(), payload.end(), out.bytes.begin() + kHeaderSize);
  unsent_bytes_ += out.bytes.size();
  unsent_.push_back(std::move(out));
  return flush();
}

Result<void> FrameChannel::flush() {
  if (!socket_.is_open()) return fail_gone();
  while (!unsent_.empty()) {
    Outgoing& out = unsent_.front();
    GENEPOOL_TRY(const std::size_t n, write_some(socket_.get(), std::span(out.bytes).subspan(out.done), out.fd.get()));
    if (n == 0) return {};
    out.fd.reset();  // it went with the first byte
    out.done += n;
    unsent_bytes_ -= n;
    if (out.done == out.bytes.size()) unsent_.pop_front();
  }
  return {};
}

Result<bool> FrameChannel::read_some() {
  std::array<std::byte, kReadSize> buffer;  // NOLINT: filled by recvmsg
  iovec part{buffer.data(), buffer.size()};
  Control control;
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.bytes.data();
  message.msg_controllen = control.bytes.size();
  const ssize_t n = ::recvmsg(socket_.get(), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (n < 0 && errno == EINTR) return true;
  if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return false;
  if (n < 0 && errno != ECONNRESET) return fail_errno("receive a frame", errno);
  if (n <= 0) return fail_gone();
  collect_fds(message, received_fds_);
  if ((message.msg_flags & MSG_CTRUNC) != 0 || received_fds_.size() > kMaxPendingFds) {
    return fail(Code::kBadRequest, "more descriptors than frames");
  }
  received_.insert(received_.end(), buffer.begin(), buffer.begin() + n);
  return received_.size() <= kMaxUnsent;
}

Result<std::vector<Frame>> FrameChannel::take_frames() {
  std::vector<Frame> frames;
  std::size_t at = 0;
  while (received_.size() - at >= kHeaderSize) {
    Header header;
    std::memcpy(&header, received_.data() + at, kHeaderSize);
    if (header.size > kMaxFrame || header.flags > kHasDescriptor) {
      return fail(Code::kBadRequest, "not a frame: size {}, flags {}", header.size, header.flags);
    }
    if (received_.size() - at - kHeaderSize < header.size) break;
    Frame frame;
    frame.type = header.type;
    const auto begin = received_.begin() + static_cast<std::ptrdiff_t>(at + kHeaderSize);
    frame.payload.assign(begin, begin + header.size);
    if (header.flags == kHasDescriptor) {
      if (received_fds_.empty()) return fail(Code::kBadRequest, "a frame of type {} lacks its descriptor", header.type);
      frame.fd = std::move(received_fds_.front());
      received_fds_.pop_front();
    }
    frames.push_back(std::move(frame));
    at += kHeaderSize + header.size;
  }
  received_.erase(received_.begin(), received_.begin() + static_cast<std::ptrdiff_t>(at));
  if (received_.empty() && !received_fds_.empty()) return fail(Code::kBadRequest, "a descriptor that no frame announces");
  return frames;
}

Result<std::vector<Frame>> FrameChannel::receive() {
  if (!socket_.is_open()) return fail_gone();
  Result<bool> more = true;
  while (more && *more) more = read_some();
  if (!more && more.error().code != Code::kUnreachable) return tl::unexpected(std::move(more.error()));
  auto frames = take_frames();
  // What the peer said before it went counts; the next call says that it is gone.
  if (!more && frames && frames->empty()) return tl::unexpected(std::move(more.error()));
  return frames;
}

Result<std::pair<UniqueFd, UniqueFd>> make_socket_pair() {
  std::array<int, 2> ends{-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) return fail_errno("make a socket pair", errno);
  return std::pair(UniqueFd(ends[0]), UniqueFd(ends[1]));
}

}  // namespace genepool

#include "http/address.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>

namespace genepool {
namespace {

constexpr int kBacklog = 1024;
constexpr std::uint16_t kDefaultPort = 8811;

Result<std::uint16_t> parse_port(std::string_view text, std::string_view whole) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value > 65535) {
    return fail(Code::kUsage, "\"{}\" is not an address: wanted HOST:PORT with a port of 0 to 65535", whole);
  }
  return static_cast<std::uint16_t>(value);
}

// A sockaddr of any family. `size` is what the system calls want.
struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

Result<SocketAddress> unix_address(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    return fail(Code::kUsage, "the socket path {} is longer than the {} bytes a Unix socket allows: set server.socket",
                path, sizeof address.sun_path - 1);
  }
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  SocketAddress result;
  std::memcpy(&result.storage, &address, sizeof address);
  result.size = sizeof address;
  return result;
}

Result<SocketAddress> tcp_address(const Address& address) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int status = getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &found);
  if (status != 0) return fail(Code::kUsage, "no such host: {} ({})", address.host, gai_strerror(status));
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, freeaddrinfo);
  SocketAddress result;
  std::memcpy(&result.storage, found->ai_addr, found->ai_addrlen);
  result.size = found->ai_addrlen;
  return result;
}

Result<SocketAddress> socket_address(const Address& address) {
  return address.is_unix() ? unix_address(address.path) : tcp_address(address);
}

Result<UniqueFd> make_socket(const SocketAddress& address) {
  UniqueFd fd(::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.is_open()) return fail_errno("make a socket", errno);
  return fd;
}

void set_flag(int fd, int level, int option) {
  const int on = 1;
  ::setsockopt(fd, level, option, &on, sizeof on);
}

// A server that was killed leaves its socket file behind; a living one answers.
Result<void> remove_stale(const Address& address) {
  if (connect_to(address, std::chrono::seconds(1))) {
    return fail(Code::kConflict, "another server listens on {}", address.text());
  }
  struct stat info{};
  if (::lstat(address.path.c_str(), &info) == 0 && S_ISSOCK(info.st_mode)) ::unlink(address.path.c_str());
  return {};
}

}  // namespace

std::string Address::text() const {
  if (is_unix()) return "unix:" + path;
  const bool is_v6 = host.find(':') != std::string::npos;
  return is_v6 ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

Result<Address> parse_listen(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) {
    return fail(Code::kUsage, "\"{}\" is not an address: wanted HOST:PORT, like 127.0.0.1:8811", text);
  }
  Address address;
  std::string_view host = text.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  address.host = host;
  GENEPOOL_TRY(address.port, parse_port(text.substr(colon + 1), text));
  return address;
}

Result<Address> parse_url(std::string_view text) {
  const std::string_view whole = text;
  if (text.starts_with("unix:")) {
    text.remove_prefix(5);
    if (text.starts_with("//")) text.remove_prefix(2);
    if (text.empty()) return fail(Code::kUsage, "\"{}\" names no socket: wanted unix:PATH", whole);
    Address address;
    address.path = text;
    return address;
  }
  if (text.starts_with("https:")) return fail(Code::kUsage, "\"{}\": TLS is a reverse proxy's work, use http://", whole);
  if (text.starts_with("http://")) text.remove_prefix(7);
  while (text.ends_with('/')) text.remove_suffix(1);
  const bool has_port = text.rfind(':') != std::string_view::npos && !text.ends_with(']');
  if (text.empty() || text.find('/') != std::string_view::npos) {
    return fail(Code::kUsage, "\"{}\" is not a server: wanted http://HOST:PORT or unix:PATH", whole);
  }
  return parse_listen(has_port ? std::string(text) : fmt::format("{}:{}", text, kDefaultPort));
}

Result<UniqueFd> listen_on(const Address& address) {
  GENEPOOL_TRY(const SocketAddress where, socket_address(address));
  GENEPOOL_TRY(UniqueFd fd, make_socket(where));
  if (address.is_unix()) {
    GENEPOOL_TRY_VOID(remove_stale(address));
    ::fchmod(fd.get(), 0600);  // Linux gives the file the socket's own mode: no moment with wider rights
  } else {
    set_flag(fd.get(), SOL_SOCKET, SO_REUSEADDR);
  }
  if (::bind(fd.get(), where.get(), where.size) != 0) {
    if (errno == EADDRINUSE) return fail(Code::kConflict, "{} is in use by another program", address.text());
    return fail_errno("listen on " + address.text(), errno);
  }
  if (::listen(fd.get(), kBacklog) != 0) return fail_errno("listen on " + address.text(), errno);
  return fd;
}

std::uint16_t bound_port(int fd) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return 0;
  if (storage.ss_family == AF_INET6) return ntohs(reinterpret_cast<const sockaddr_in6*>(&storage)->sin6_port);
  if (storage.ss_family == AF_INET) return ntohs(reinterpret_cast<const sockaddr_in*>(&storage)->sin_port);
  return 0;
}

Result<UniqueFd> connect_to(const Address& address, Duration timeout) {
  GENEPOOL_TRY(const SocketAddress where, socket_address(address));
  GENEPOOL_TRY(UniqueFd fd, make_socket(where));
  if (!address.is_unix()) set_flag(fd.get(), IPPROTO_TCP, TCP_NODELAY);
  int error = ::connect(fd.get(), where.get(), where.size) == 0 ? 0 : errno;
  if (error == EINPROGRESS) {
    pollfd waiting{fd.get(), POLLOUT, 0};
    const int wait_ms = static_cast<int>(to_ms(timeout));
    error = ETIMEDOUT;
    socklen_t size = sizeof error;
    if (::poll(&waiting, 1, wait_ms) == 1) ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  }
  if (error == 0) return fd;
  return fail(Code::kUnreachable, "no genepool server at {} ({}): start one with `genepool serve`", address.text(),
              std::strerror(error));
}

}  // namespace genepool

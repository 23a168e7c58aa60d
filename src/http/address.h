// Addresses and the plain sockets behind them: "HOST:PORT", "[::1]:PORT", "unix:PATH". Thread: any. No Asio, no HTTP.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"
#include "base/unique_fd.h"

namespace genepool {

struct Address {
  std::string host;       // TCP
  std::uint16_t port = 0;
  std::string path;       // Unix socket, when not empty
  [[nodiscard]] bool is_unix() const { return !path.empty(); }
  [[nodiscard]] std::string text() const;  // "127.0.0.1:8811", "unix:/run/genepool.sock"
};

// "HOST:PORT" or "[V6]:PORT". kUsage.
[[nodiscard]] Result<Address> parse_listen(std::string_view text);

// What --host takes: "http://host[:port]", "host:port", "unix:PATH", "unix://PATH". kUsage, also for https.
[[nodiscard]] Result<Address> parse_url(std::string_view text);

// A listening, non-blocking socket. A socket file that nobody listens on is replaced; a new one gets mode 0600.
// kConflict: in use. kUsage: no such host, path too long. kIo.
[[nodiscard]] Result<UniqueFd> listen_on(const Address& address);
[[nodiscard]] std::uint16_t bound_port(int fd);

// A connected, non-blocking socket with TCP_NODELAY. Blocks up to `timeout`. kUnreachable.
[[nodiscard]] Result<UniqueFd> connect_to(const Address& address, Duration timeout);

}  // namespace genepool

// HttpServer: HTTP/1.1 on a TCP address and a Unix socket, one thread for all clients (Boost.Beast parses, Asio waits).
// Owner: server/. Thread: open() starts the HTTP thread; the other calls come from any other thread.
// Use:   GENEPOOL_TRY(auto server, HttpServer::open({.listen = "127.0.0.1:8811", .socket_path = path}, handler));
//        ...
//        server->stop(std::chrono::seconds(5));
// Promises: a read is outstanding during every answer, so a lost client is noticed at once; every queue has a bound; a
// client that is slow to send or to read is cut; at the connection cap accepting pauses and nothing is refused.
// Not here: routing, JSON, TLS (a reverse proxy's work).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "http/http.h"

namespace genepool {

struct HttpOptions {
  std::string listen;       // "127.0.0.1:8811", "[::1]:0"; "" = no TCP
  std::string socket_path;  // "" = no Unix socket
  std::size_t connections_max = 4096;         // per listener, so that a crowd on TCP cannot lock out the operator
  std::size_t body_max = 8u << 20;
  std::size_t header_max = 16u << 10;         // request line and headers
  std::size_t uri_max = 8u << 10;
  std::size_t outbox_max = 256u << 10;        // of a stream; a reader further behind is cut
  Duration idle_timeout = std::chrono::seconds(75);   // between requests
  Duration read_timeout = std::chrono::seconds(30);   // first byte of a request to its last
  Duration write_timeout = std::chrono::seconds(30);  // without any progress
  // The body of an answer that the transport gives by itself (bad request line, too large), with its content type.
  std::function<std::pair<std::string, std::string>(int status, std::string_view message)> error_body;
};

class HttpServer {
 public:
  // Listens when it returns. kUsage: an address that does not parse. kConflict: in use. kIo.
  [[nodiscard]] static Result<std::unique_ptr<HttpServer>> open(HttpOptions options, HttpHandler handler);
  virtual ~HttpServer() = default;  // stop(0)

  [[nodiscard]] virtual std::uint16_t port() const = 0;  // the bound one; 0 without TCP

  // No new connections; answers under way get `grace` to finish, then are cut. Blocks until the HTTP thread has ended;
  // no handler and no callback runs afterwards.
  virtual void stop(Duration grace) = 0;
};

}  // namespace genepool

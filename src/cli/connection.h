// Connection: the admin API of one server, as texts. Owner: one verb. Thread: one. Blocks.
// Use:   GENEPOOL_TRY(std::unique_ptr<Connection> server, connect_to_server(invocation));
//        GENEPOOL_TRY(const std::string answer, server->get("/api/ps"));
// Not here: JSON (wire.h).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"
#include "cli/invocation.h"
#include "http/http_client.h"

namespace genepool::cli {

class Connection {
 public:
  // `place` is what messages call the server's address.
  Connection(HttpClient client, std::string place) : client_(std::move(client)), place_(std::move(place)) {}

  // The body of a 2xx answer; else the error that the server states. kUnreachable, kDeadlineExceeded, kIo as HttpClient.
  [[nodiscard]] Result<std::string> get(std::string_view path) { return send("GET", path, ""); }
  [[nodiscard]] Result<std::string> post(std::string_view path, std::string_view body) { return send("POST", path, body); }
  [[nodiscard]] Result<std::string> put(std::string_view path, std::string_view body) { return send("PUT", path, body); }
  [[nodiscard]] Result<std::string> remove(std::string_view path) { return send("DELETE", path, ""); }

  // Hands out the lines of an event stream without their line ends: "data: {...}", ": ping". `on_line` false: stop.
  using OnLine = std::function<bool(std::string_view line)>;
  [[nodiscard]] Result<void> stream(std::string_view method, std::string_view path, std::string_view body, const OnLine& on_line);

 private:
  [[nodiscard]] Result<std::string> send(std::string_view method, std::string_view path, std::string_view body);
  [[nodiscard]] Error explained(Error error) const;

  HttpClient client_;
  std::string place_;
};

// --host, or GENEPOOL_HOST; "" when neither is given.
[[nodiscard]] std::string host_asked_for(const Invocation& invocation);
[[nodiscard]] Result<std::unique_ptr<Connection>> connect_to(const Invocation& invocation, const std::string& url);

// The host asked for, else the socket in the data directory if a server listens there, else the address it would listen on.
// Who names a data directory or socket wants that one's server and no other: then there is no last else.
// Connects with the first request. kUsage, kUnreachable.
[[nodiscard]] Result<std::unique_ptr<Connection>> connect_to_server(const Invocation& invocation);

// A server listens on this Unix socket.
[[nodiscard]] bool is_listening(const std::string& socket_path);

[[nodiscard]] std::string percent_encoded(std::string_view text);  // as one segment of a path

}  // namespace genepool::cli

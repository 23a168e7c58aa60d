// HttpClient: a small blocking HTTP/1.1 client, over TCP or a Unix socket: what the command line and the tests speak with.
// Owner: the caller. Thread: one at a time. Keeps its connection between requests and opens a new one when it was closed.
// Use:   GENEPOOL_TRY(HttpClient client, HttpClient::open("unix:/run/genepool.sock"));
//        GENEPOOL_TRY(const HttpReply reply, client.request("GET", "/health"));
//        client.stream("POST", path, body, {}, [](std::string_view bytes) { print(bytes); return true; });
// Not here: JSON, server-sent events' lines (the caller splits).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"
#include "http/http.h"

namespace genepool {

struct HttpReply {
  int status = 0;
  Headers headers;
  std::string body;  // "" for what stream() handed out
  [[nodiscard]] std::string_view header(std::string_view lower_case_name) const {
    return header_value(headers, lower_case_name);
  }
};

struct HttpTimeouts {
  Duration connect = std::chrono::seconds(5);
  Duration silence = std::chrono::seconds(600);  // longest wait for the next byte
};

class HttpClient {
 public:
  // Parses only; connects with the first request. kUsage.
  [[nodiscard]] static Result<HttpClient> open(std::string_view url, HttpTimeouts timeouts = {});
  HttpClient(HttpClient&&) noexcept;
  HttpClient& operator=(HttpClient&&) noexcept;
  ~HttpClient();

  // Any status is a reply. Blocks. kUnreachable: no server there. kDeadlineExceeded: silent for too long. kIo: broke off.
  [[nodiscard]] Result<HttpReply> request(std::string_view method, std::string_view path, std::string_view body = {},
                                          const Headers& headers = {});

  // Hands the body out as it comes, for a status below 300; else it is in the reply. `on_bytes` false: stop, close, and
  // return what there is.
  using OnBytes = std::function<bool(std::string_view)>;
  [[nodiscard]] Result<HttpReply> stream(std::string_view method, std::string_view path, std::string_view body,
                                         const Headers& headers, const OnBytes& on_bytes);

 private:
  struct State;
  explicit HttpClient(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace genepool

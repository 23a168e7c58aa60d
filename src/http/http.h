// What a handler sees of HTTP: one request as plain values, and a writer for its answer. No socket, no Beast.
// Owner: the server makes both; whoever still has to answer keeps the writer. Thread: the handler is called on the HTTP
// thread and must return at once; every function of the writer may be called from any thread and never blocks.
// Use:   writer->reply(200, {{"content-type", "application/json"}}, body);          // the whole answer, or:
//        writer->start_stream(200, {{"content-type", "text/event-stream"}});
//        writer->on_client_gone([=] { runtime.cancel(id); });
//        writer->write("data: 1\n\n");  writer->finish();
// Not here: what paths and bodies mean (api/).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace genepool {

using Headers = std::vector<std::pair<std::string, std::string>>;  // names in lower case

// The first value of the header, "" when it is absent.
[[nodiscard]] std::string_view header_value(const Headers& headers, std::string_view lower_case_name);

struct HttpRequest {
  std::string method;      // "GET"
  std::string path;        // "/v1/models/base%2Bpirate": as sent, still percent-encoded
  std::string query;       // without the '?'
  Headers headers;
  std::string body;
  std::string request_id;  // the client's x-request-id when it is a decent one, else made here; sent back by the server
  bool is_local_socket = false;  // came over the Unix socket: the caller is a user of this machine with access to it

  [[nodiscard]] std::string_view header(std::string_view lower_case_name) const {
    return header_value(headers, lower_case_name);
  }
};

// The answer to one request. Exactly one reply(), or start_stream() ... finish()/abort(). A writer that is dropped before
// that answers 500, or breaks the stream: no client waits for ever. Calls after the end, or for a client that is gone,
// do nothing.
class ResponseWriter {
 public:
  virtual ~ResponseWriter() = default;

  virtual void reply(int status, Headers headers, std::string body) = 0;

  virtual void start_stream(int status, Headers headers) = 0;
  // False: nobody reads any more (gone, cut for being too slow, or the stream is over).
  virtual bool write(std::string_view chunk) = 0;
  virtual void finish() = 0;
  virtual void abort() = 0;  // the client sees a broken body: it must not take what it has for the whole

  // Called once, on the HTTP thread, when the client left or was cut before the answer was finished; by this very call
  // when that has already happened. One callback.
  virtual void on_client_gone(std::function<void()> callback) = 0;

  // Writes `chunk` whenever the open stream has been silent for `every`, by the wall clock. One setting.
  virtual void ping_when_silent(Duration every, std::string chunk) = 0;

  // Calls back on the HTTP thread after `delay` unless the answer has ended by then. One; a second call replaces it.
  virtual void call_after(Duration delay, std::function<void()> callback) = 0;
};

using HttpHandler = std::function<void(HttpRequest request, std::shared_ptr<ResponseWriter> writer)>;

}  // namespace genepool

// Call: one request on its way through a handler: what was asked, where the answer goes, and its metrics.
// Owner: shared by the handler and by the callbacks that answer later. Thread: replies from any thread; one of them.
// Use:   call->reply_json(200, dump(value));   or   call->reply_error(error);
//        call->writer->start_stream(...); ... call->count(200);
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "http/http.h"
#include "metrics/metrics.h"

namespace genepool::api {

struct Call {
  HttpRequest request;
  std::shared_ptr<ResponseWriter> writer;
  std::string_view endpoint;      // the route's pattern: the metrics' label. Static storage
  std::vector<std::string> args;  // what {name} in the pattern stood for, decoded
  Metrics* metrics = nullptr;
  Instant began = monotonic_now();

  void reply(int status, std::string_view content_type, std::string body, Headers more = {}) const;
  void reply_json(int status, std::string body, Headers more = {}) const { reply(status, "application/json", std::move(body), std::move(more)); }
  void reply_error(const Error& error) const;
  void count(int status) const;  // once per call; the replies above do it themselves

  [[nodiscard]] std::string query(std::string_view key) const;  // "" when absent
  // Bytes that nobody needs any more once the request is understood: a stream may live for minutes.
  void drop_request_text();
};
using CallPtr = std::shared_ptr<Call>;

// "%2B" -> "+". kBadRequest. `plus_is_space`: in a query.
[[nodiscard]] Result<std::string> percent_decode(std::string_view text, bool plus_is_space);

}  // namespace genepool::api

#include "http/exchange.h"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <iterator>

namespace genepool {
namespace {

// RFC 9110 wants a Date of every server with a clock. Made once a second per thread.
std::string_view http_date() {
  thread_local std::time_t made = 0;
  thread_local char text[32];
  const std::time_t now = std::time(nullptr);
  if (now != made) {
    std::tm parts{};
    gmtime_r(&now, &parts);
    std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
    made = now;
  }
  return text;
}

class Writer final : public ResponseWriter {
 public:
  explicit Writer(std::shared_ptr<Exchange> exchange) : exchange_(std::move(exchange)) {}
  ~Writer() override { exchange_->abandon(); }  // NOLINT(bugprone-exception-escape): only for want of memory
  void reply(int status, Headers headers, std::string body) override { exchange_->reply(status, headers, body); }
  void start_stream(int status, Headers headers) override { exchange_->start_stream(status, headers); }
  bool write(std::string_view chunk) override { return exchange_->write(chunk); }
  void finish() override { exchange_->finish(); }
  void abort() override { exchange_->abort(); }
  void on_client_gone(std::function<void()> callback) override { exchange_->on_client_gone(std::move(callback)); }
  void ping_when_silent(Duration every, std::string chunk) override {
    exchange_->ping_when_silent(every, std::move(chunk));
  }
  void call_after(Duration delay, std::function<void()> callback) override {
    exchange_->call_after(delay, std::move(callback));
  }

 private:
  std::shared_ptr<Exchange> exchange_;  // shared with the connection: either may end first
};

}  // namespace

std::string_view header_value(const Headers& headers, std::string_view lower_case_name) {
  for (const auto& [name, value] : headers) {
    if (name == lower_case_name) return value;
  }
  return {};
}

std::string_view status_text(int status) {
  switch (status) {
    case 200: return "OK";
    case 201: return "Created";
    case 204: return "No Content";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 413: return "Content Too Large";
    case 414: return "URI Too Long";
    case 422: return "Unprocessable Content";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 499: return "Client Closed Request";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    case 507: return "Insufficient Storage";
    default: return "Unknown";
  }
}

std::shared_ptr<ResponseWriter> make_writer(std::shared_ptr<Exchange> exchange) {
  return std::make_shared<Writer>(std::move(exchange));
}

Exchange::Exchange(ExchangeOptions options, std::function<void()> wake)
    : options_(std::move(options)), wake_(std::move(wake)) {}

// ---------------------------------------------------------------------------------------------- the writer's side

void Exchange::reply(int status, const Headers& headers, std::string_view body) {
  const std::lock_guard lock(mutex_);
  if (is_over() || phase_ != Phase::kHeld) return;
  put_head(status, headers, body.size());
  if (!options_.is_head) outbox_.append(body);
  phase_ = Phase::kEnded;
  request_take();
}

void Exchange::start_stream(int status, const Headers& headers) {
  const std::lock_guard lock(mutex_);
  if (is_over() || phase_ != Phase::kHeld) return;
  put_head(status, headers, std::nullopt);
  phase_ = Phase::kStreaming;
  last_chunk_ = monotonic_now();
  request_take();
}

bool Exchange::write(std::string_view chunk) {
  const std::lock_guard lock(mutex_);
  if (is_over() || phase_ != Phase::kStreaming) return false;
  if (outbox_.size() + chunk.size() > options_.outbox_max) {
    break_off();
    return false;
  }
  put_chunk(chunk);
  last_chunk_ = monotonic_now();
  request_take();
  return true;
}

void Exchange::finish() {
  const std::lock_guard lock(mutex_);
  if (is_over() || phase_ != Phase::kStreaming) return;
  if (options_.has_chunks && !options_.is_head) outbox_.append("0\r\n\r\n");
  phase_ = Phase::kEnded;
  request_take();
}

void Exchange::abort() {
  std::function<void()> gone;  // the caller knows already; destroyed outside the lock
  const std::lock_guard lock(mutex_);
  if (is_over()) return;
  gone = std::exchange(gone_, nullptr);
  break_off();
}

void Exchange::abandon() {
  reply(500, {{"content-type", "text/plain"}}, "the request was dropped inside the server\n");
  abort();
}

void Exchange::on_client_gone(std::function<void()> callback) {
  {
    const std::lock_guard lock(mutex_);
    if (!is_lost_) {
      if (phase_ != Phase::kEnded || is_broken_) gone_ = std::move(callback);
      return;
    }
  }
  callback();
}

void Exchange::ping_when_silent(Duration every, std::string chunk) {
  const std::lock_guard lock(mutex_);
  if (is_over()) return;
  ping_every_ = every;
  ping_ = std::move(chunk);
  request_take();
}

void Exchange::call_after(Duration delay, std::function<void()> callback) {
  const std::lock_guard lock(mutex_);
  if (is_over()) return;
  timer_due_ = monotonic_now() + delay;
  timer_ = std::move(callback);
  request_take();
}

// ---------------------------------------------------------------------------------------------- the connection's side

Exchange::Batch Exchange::take(std::string& bytes) {
  const std::lock_guard lock(mutex_);
  is_asked_ = false;
  bytes.swap(outbox_);
  Batch batch;
  batch.is_last = phase_ == Phase::kEnded;
  batch.keep_alive = options_.keep_alive;
  return batch;
}

bool Exchange::is_broken() {
  const std::lock_guard lock(mutex_);
  return is_broken_;
}

void Exchange::lose() {
  std::function<void()> gone, timer;
  {
    const std::lock_guard lock(mutex_);
    if (is_lost_) return;
    is_lost_ = true;
    wake_ = nullptr;
    gone = std::exchange(gone_, nullptr);
    timer = std::exchange(timer_, nullptr);
    outbox_ = std::string();
  }
  if (gone) gone();
}

void Exchange::detach() {
  std::function<void()> gone, timer;  // destroyed outside the lock: they may hold the last writer
  const std::lock_guard lock(mutex_);
  wake_ = nullptr;
  gone = std::exchange(gone_, nullptr);
  timer = std::exchange(timer_, nullptr);
}

std::optional<Instant> Exchange::next_due() {
  const std::lock_guard lock(mutex_);
  if (is_over()) return std::nullopt;
  std::optional<Instant> due;
  if (timer_) due = timer_due_;
  if (phase_ == Phase::kStreaming && ping_every_ > Duration::zero()) {
    const Instant ping = last_chunk_ + ping_every_;
    due = due ? std::min(*due, ping) : ping;
  }
  return due;
}

void Exchange::run_due(Instant now) {
  std::function<void()> timer;
  {
    const std::lock_guard lock(mutex_);
    if (is_over()) return;
    if (timer_ && timer_due_ <= now) timer = std::exchange(timer_, nullptr);
    const bool is_silent = phase_ == Phase::kStreaming && ping_every_ > Duration::zero();
    if (is_silent && last_chunk_ + ping_every_ <= now) {
      // A reader that is behind has bytes to come anyway: a ping would only lengthen its queue.
      if (outbox_.empty()) put_chunk(ping_);
      last_chunk_ = now;
      request_take();
    }
  }
  if (timer) timer();
}

// ---------------------------------------------------------------------------------------------- bytes; mutex_ is held

void Exchange::put_head(int status, const Headers& headers, std::optional<std::size_t> length) {
  auto out = std::back_inserter(outbox_);
  fmt::format_to(out, "HTTP/1.1 {} {}\r\ndate: {}\r\nx-request-id: {}\r\n", status, status_text(status), http_date(),
                 options_.request_id);
  for (const auto& [name, value] : headers) fmt::format_to(out, "{}: {}\r\n", name, value);
  if (length) fmt::format_to(out, "content-length: {}\r\n", *length);
  if (!length && options_.has_chunks) outbox_.append("transfer-encoding: chunked\r\n");
  if (!options_.keep_alive) outbox_.append("connection: close\r\n");
  outbox_.append("\r\n");
}

void Exchange::put_chunk(std::string_view chunk) {
  if (options_.is_head || chunk.empty()) return;  // an empty chunk would end the body
  if (!options_.has_chunks) {
    outbox_.append(chunk);
    return;
  }
  fmt::format_to(std::back_inserter(outbox_), "{:x}\r\n", chunk.size());
  outbox_.append(chunk);
  outbox_.append("\r\n");
}

// Wakes even when it has been asked: the connection may be stuck in a write that will never end.
void Exchange::break_off() {
  is_broken_ = true;
  phase_ = Phase::kEnded;
  if (wake_) wake_();
}

void Exchange::request_take() {
  if (is_asked_ || !wake_) return;
  is_asked_ = true;
  wake_();
}

}  // namespace genepool

// Exchange: one request's answer on its way from any thread to the connection. Private to http/: no sockets inside.
// A handler's side (ResponseWriter, any thread) turns replies and chunks into bytes in an outbox; the connection's side
// (HTTP thread) takes them. `wake` asks the connection to come and take; it is asked once until it has come.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "http/http.h"

namespace genepool {

struct ExchangeOptions {
  std::string request_id;
  bool is_head = false;        // no body goes out
  bool has_chunks = true;      // HTTP/1.1; else a stream ends with the connection
  bool keep_alive = true;
  std::size_t outbox_max = 256u << 10;
};

class Exchange {
 public:
  Exchange(ExchangeOptions options, std::function<void()> wake);

  // ---- the writer's side, see ResponseWriter
  void reply(int status, const Headers& headers, std::string_view body);
  void start_stream(int status, const Headers& headers);
  bool write(std::string_view chunk);
  void finish();
  void abort();
  void abandon();  // the last writer is gone
  void on_client_gone(std::function<void()> callback);
  void ping_when_silent(Duration every, std::string chunk);
  void call_after(Duration delay, std::function<void()> callback);

  // ---- the connection's side
  struct Batch {
    bool is_last = false;     // the answer is complete with these bytes
    bool keep_alive = true;   // meaningful with is_last
  };
  // Moves what is to be written into `bytes` (which should be empty; its capacity is used again).
  Batch take(std::string& bytes);
  [[nodiscard]] bool is_broken();  // drop the connection now: aborted, or its reader is too far behind
  void lose();  // the client is gone: nothing more is taken, its callback runs
  void detach();  // the answer is written: never wakes again
  [[nodiscard]] std::optional<Instant> next_due();
  void run_due(Instant now);  // the ping and the timer whose time has come

 private:
  enum class Phase { kHeld, kStreaming, kEnded };
  void put_head(int status, const Headers& headers, std::optional<std::size_t> length);
  void put_chunk(std::string_view chunk);
  bool is_over() const { return is_lost_ || phase_ == Phase::kEnded; }
  void request_take();
  void break_off();

  const ExchangeOptions options_;
  std::mutex mutex_;  // guards all below
  std::function<void()> wake_;
  bool is_asked_ = true;  // the connection comes by itself when the handler has returned
  Phase phase_ = Phase::kHeld;
  bool is_lost_ = false, is_broken_ = false;
  std::string outbox_;
  std::function<void()> gone_, timer_;
  Instant timer_due_{}, last_chunk_{};
  Duration ping_every_{};  // 0 = no pings
  std::string ping_;
};

// The handler's handle on an exchange; the last copy's end abandons it.
[[nodiscard]] std::shared_ptr<ResponseWriter> make_writer(std::shared_ptr<Exchange> exchange);

[[nodiscard]] std::string_view status_text(int status);

}  // namespace genepool

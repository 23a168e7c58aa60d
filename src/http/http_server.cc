// The only file besides http_client.cc that includes Beast and Asio (18 s of compile time).
//
// A connection has two independent halves on the one HTTP thread:
//   in:   wait until readable -> read into the server's scratch buffer -> parse -> handler -> (answer under way: keep bytes)
//   out:  an exchange wakes us -> take its bytes -> one write in flight -> take again ... -> answered -> parse what was kept
// and one timer, armed lazily: it fires at the earliest time that was ever asked for and then looks what is really due.
// An idle client costs no buffer: waiting needs none, and the scratch buffer is shared.
#include "http/http_server.h"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cerrno>
#include <cstring>
#include <optional>
#include <random>
#include <set>
#include <thread>
#include <vector>

#include "base/log.h"
#include "http/address.h"
#include "http/exchange.h"

namespace genepool {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using boost::system::error_code;
using Protocol = asio::generic::stream_protocol;
using Socket = Protocol::socket;
using Parser = beast::http::request_parser<beast::http::string_body>;

constexpr std::size_t kKeptBuffer = 64u << 10;     // a larger write buffer is given back after use
constexpr std::size_t kPipelinedMax = 64u << 10;   // of a client that sends ahead; then we stop reading for a while
constexpr Duration kLinger = std::chrono::seconds(2);

class Connection;

// What all connections share; lives on the HTTP thread.
struct Hub {
  Hub(HttpOptions o, HttpHandler h) : options(std::move(o)), handler(std::move(h)) {}
  HttpOptions options;
  HttpHandler handler;
  asio::io_context io{1};
  std::array<char, 64u << 10> scratch{};
  std::set<Connection*> connections;
  bool is_stopping = false;
  std::mt19937_64 random{std::random_device{}()};

  std::string make_request_id() { return fmt::format("req_{:016x}", random()); }
};

class Listener;

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(Hub& hub, std::shared_ptr<Listener> listener, Socket socket, bool is_local)
      : hub_(hub), listener_(std::move(listener)), socket_(std::move(socket)), timer_(hub.io), is_local_(is_local) {
    hub_.connections.insert(this);
  }
  ~Connection();

  void start() {
    error_code ignored;
    socket_.non_blocking(true, ignored);
    next_request();
    wait_readable();
  }
  void close();
  void close_when_idle() {
    if (state_ != State::kAnswering) close();
  }

 private:
  enum class State { kReading, kAnswering, kLingering, kClosed };

  // ---- in
  void wait_readable();
  void on_readable();
  bool read_once(std::size_t& got);
  void feed(std::string_view bytes);
  void parse(std::string_view bytes);
  void next_request();
  void dispatch();
  void refuse(int status, std::string_view message);
  [[nodiscard]] std::pair<int, std::string> describe(const error_code& error) const;
  void answer_expect();

  // ---- out
  void begin_exchange(ExchangeOptions options);
  void flush();
  void write_out();
  void on_written(std::size_t bytes);
  void on_answered();
  void linger();

  // ---- time
  void arm(Instant due);
  void rearm();
  void on_timer();

  Hub& hub_;
  std::shared_ptr<Listener> listener_;  // counts us while we live
  Socket socket_;
  asio::steady_timer timer_;
  const bool is_local_;
  State state_ = State::kReading;
  std::optional<Parser> parser_;
  bool has_started_request_ = false, has_expected_ = false, is_waiting_ = false, is_writing_ = false;
  std::string pipelined_;                // read while an answer was under way
  std::shared_ptr<Exchange> exchange_;   // shared with the handler's writer
  Exchange::Batch batch_;
  std::string write_buffer_;
  std::size_t written_ = 0;
  Instant armed_ = Instant::max();       // when timer_ fires
  Instant deadline_ = Instant::max();    // of the read, the write or the idling under way
};

// Accepts until the cap, pauses, goes on when a connection ends. accept4 and not Asio's accept: without CLOEXEC a zygote
// that is started later would inherit our clients and keep them open.
class Listener : public std::enable_shared_from_this<Listener> {
 public:
  Listener(Hub& hub, int family, UniqueFd fd)
      : hub_(hub), socket_(hub.io, fd.release()), retry_(hub.io), family_(family) {}
  void accept() {
    if (is_waiting_ || !socket_.is_open() || is_full()) return;
    is_waiting_ = true;
    socket_.async_wait(asio::posix::stream_descriptor::wait_read, [self = shared_from_this()](const error_code& error) {
      self->is_waiting_ = false;
      if (!error) self->accept_all();
    });
  }
  void close() {
    error_code ignored;
    socket_.close(ignored);
    retry_.cancel();
  }
  void released() {
    --count_;
    accept();
  }

 private:
  [[nodiscard]] bool is_full() const { return count_ >= hub_.options.connections_max; }
  void accept_all() {
    while (!is_full()) {
      const int fd = ::accept4(socket_.native_handle(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
      if (fd < 0 && (errno == ECONNABORTED || errno == EINTR)) continue;
      if (fd < 0 && errno != EAGAIN) return retry_later();
      if (fd < 0) break;
      ++count_;
      const int on = 1;
      if (family_ != AF_UNIX) ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      Socket socket(hub_.io, Protocol(family_, 0), fd);
      std::make_shared<Connection>(hub_, shared_from_this(), std::move(socket), family_ == AF_UNIX)->start();
    }
    accept();
  }
  // Out of descriptors, most likely: asking again at once would spin.
  void retry_later() {
    log(Level::kWarn, "could not accept a connection", {{"error", std::strerror(errno)}});
    retry_.expires_after(std::chrono::milliseconds(100));
    retry_.async_wait([self = shared_from_this()](const error_code& error) {
      if (!error) self->accept();
    });
  }

  Hub& hub_;
  asio::posix::stream_descriptor socket_;
  asio::steady_timer retry_;
  const int family_;
  std::size_t count_ = 0;
  bool is_waiting_ = false;
};

Connection::~Connection() {
  hub_.connections.erase(this);
  listener_->released();
}

void Connection::close() {
  if (state_ == State::kClosed) return;
  state_ = State::kClosed;
  error_code ignored;
  socket_.close(ignored);  // pending waits end with operation_aborted and drop their reference
  timer_.cancel();
  if (const auto exchange = std::exchange(exchange_, nullptr)) exchange->lose();
}

// ---------------------------------------------------------------------------------------------------------- in

void Connection::wait_readable() {
  if (is_waiting_ || state_ == State::kClosed) return;
  if (state_ == State::kAnswering && pipelined_.size() >= kPipelinedMax) return;
  is_waiting_ = true;
  socket_.async_wait(Socket::wait_read, [self = shared_from_this()](const error_code& error) {
    self->is_waiting_ = false;
    if (!error) self->on_readable();
  });
}

// One read for one wait: epoll is edge-triggered below, but every new wait looks again.
void Connection::on_readable() {
  std::size_t got = 0;
  if (state_ == State::kClosed || !read_once(got)) return;
  if (got > 0) feed({hub_.scratch.data(), got});
  wait_readable();
}

// False: the connection is over.
bool Connection::read_once(std::size_t& got) {
  error_code error;
  got = socket_.read_some(asio::buffer(hub_.scratch), error);
  if (!error || error == asio::error::would_block) return true;
  close();
  return false;
}

void Connection::feed(std::string_view bytes) {
  if (state_ == State::kLingering) return;
  if (state_ == State::kAnswering) {
    pipelined_.append(bytes);
    return;
  }
  if (!pipelined_.empty()) {
    pipelined_.append(bytes);
    parse(std::exchange(pipelined_, std::string()));
    return;
  }
  parse(bytes);
}

// A parser wants the header in one piece: what it did not take is kept in front of what comes next.
void Connection::parse(std::string_view bytes) {
  if (!has_started_request_ && !bytes.empty()) {
    has_started_request_ = true;
    deadline_ = monotonic_now() + hub_.options.read_timeout;
    arm(deadline_);
  }
  while (!bytes.empty() && !parser_->is_done()) {
    error_code error;
    const std::size_t taken = parser_->put(asio::buffer(bytes.data(), bytes.size()), error);
    bytes.remove_prefix(taken);
    if (error == beast::http::error::need_more) break;
    if (error) {
      const auto [status, message] = describe(error);
      return refuse(status, message);
    }
    if (taken == 0) break;
  }
  pipelined_.assign(bytes);
  if (parser_->is_done()) return dispatch();
  if (parser_->is_header_done()) answer_expect();
}

void Connection::answer_expect() {
  if (has_expected_ || parser_->get()[beast::http::field::expect].empty()) return;
  has_expected_ = true;
  // 25 bytes into an empty socket buffer; a client that does not get them goes on by itself after a second.
  error_code ignored;
  socket_.write_some(asio::buffer(std::string_view("HTTP/1.1 100 Continue\r\n\r\n")), ignored);
}

std::pair<int, std::string> Connection::describe(const error_code& error) const {
  if (error == beast::http::error::body_limit) {
    return {413, fmt::format("the body is larger than {} bytes (server.body_max)", hub_.options.body_max)};
  }
  if (error == beast::http::error::header_limit) {
    return {431, fmt::format("the header is larger than {} bytes", hub_.options.header_max)};
  }
  return {400, "not a valid HTTP/1.1 request: " + error.message()};
}

void Connection::next_request() {
  state_ = State::kReading;
  has_started_request_ = has_expected_ = false;
  parser_.emplace();
  parser_->eager(true);
  parser_->header_limit(static_cast<std::uint32_t>(hub_.options.header_max));
  parser_->body_limit(hub_.options.body_max);
  deadline_ = monotonic_now() + hub_.options.idle_timeout;
  arm(deadline_);
}

bool is_decent_id(std::string_view id) {
  const auto is_decent = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' || c == '.';
  };
  return !id.empty() && id.size() <= 128 && std::all_of(id.begin(), id.end(), is_decent);
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

std::string_view view(beast::string_view text) { return {text.data(), text.size()}; }

void Connection::dispatch() {
  auto& message = parser_->get();
  HttpRequest request;
  request.method = view(message.method_string());
  const std::string_view target = view(message.target());
  if (target.size() > hub_.options.uri_max) return refuse(414, "the URI is too long");
  const std::size_t question = target.find('?');
  request.path = target.substr(0, question);
  if (question != std::string_view::npos) request.query = target.substr(question + 1);
  for (const auto& field : message) request.headers.emplace_back(lower(view(field.name_string())), view(field.value()));
  request.body = std::move(message.body());
  request.is_local_socket = is_local_;
  const std::string_view id = request.header("x-request-id");
  request.request_id = is_decent_id(id) ? std::string(id) : hub_.make_request_id();

  ExchangeOptions options;
  options.request_id = request.request_id;
  options.is_head = request.method == "HEAD";
  options.has_chunks = message.version() >= 11;
  options.keep_alive = parser_->keep_alive() && !hub_.is_stopping;
  parser_.reset();
  begin_exchange(std::move(options));
  hub_.handler(std::move(request), make_writer(exchange_));
  flush();
}

// An answer of our own to something that is no request; the rest of what the client sends is thrown away.
void Connection::refuse(int status, std::string_view message) {
  ExchangeOptions options;
  options.request_id = hub_.make_request_id();
  options.keep_alive = false;
  begin_exchange(std::move(options));
  std::pair<std::string, std::string> body{"text/plain", std::string(message) + "\n"};
  if (hub_.options.error_body) body = hub_.options.error_body(status, message);
  exchange_->reply(status, {{"content-type", body.first}}, body.second);
  flush();
}

// ---------------------------------------------------------------------------------------------------------- out

void Connection::begin_exchange(ExchangeOptions options) {
  state_ = State::kAnswering;
  deadline_ = Instant::max();  // a held request may take as long as the handler likes
  options.outbox_max = hub_.options.outbox_max;
  // The exchange may outlive us in a writer; it lets go of `self` in lose() and detach().
  exchange_ = std::make_shared<Exchange>(std::move(options), [self = shared_from_this()] {
    asio::post(self->hub_.io, [self] { self->flush(); });
  });
}

void Connection::flush() {
  if (!exchange_ || state_ != State::kAnswering) return;
  if (exchange_->is_broken()) return close();
  if (is_writing_) return;
  batch_ = exchange_->take(write_buffer_);
  if (write_buffer_.empty()) return batch_.is_last ? on_answered() : rearm();
  is_writing_ = true;
  written_ = 0;
  deadline_ = monotonic_now() + hub_.options.write_timeout;
  arm(deadline_);
  write_out();
}

// async_write_some and not async_write: any progress moves the write deadline.
void Connection::write_out() {
  const auto rest = asio::buffer(write_buffer_.data() + written_, write_buffer_.size() - written_);
  socket_.async_write_some(rest, [self = shared_from_this()](const error_code& error, std::size_t bytes) {
    if (error) return self->close();
    self->on_written(bytes);
  });
}

void Connection::on_written(std::size_t bytes) {
  if (state_ == State::kClosed) return;
  written_ += bytes;
  if (written_ < write_buffer_.size()) {
    deadline_ = monotonic_now() + hub_.options.write_timeout;
    return write_out();
  }
  is_writing_ = false;
  deadline_ = Instant::max();
  write_buffer_.clear();
  if (write_buffer_.capacity() > kKeptBuffer) write_buffer_.shrink_to_fit();
  if (batch_.is_last) return on_answered();
  flush();
}

void Connection::on_answered() {
  std::exchange(exchange_, nullptr)->detach();
  if (hub_.is_stopping) return close();
  if (!batch_.keep_alive) return linger();
  next_request();
  if (!pipelined_.empty()) parse(std::exchange(pipelined_, std::string()));
  wait_readable();
}

// Closing with unread bytes in the socket would reset the connection and may take our answer from the client.
void Connection::linger() {
  state_ = State::kLingering;
  pipelined_ = std::string();
  error_code ignored;
  socket_.shutdown(Socket::shutdown_send, ignored);
  deadline_ = monotonic_now() + kLinger;
  arm(deadline_);
  wait_readable();
}

// ---------------------------------------------------------------------------------------------------------- time

void Connection::arm(Instant due) {
  if (due >= armed_) return;
  armed_ = due;
  timer_.expires_at(std::chrono::steady_clock::time_point(due));
  timer_.async_wait([self = shared_from_this()](const error_code& error) {
    if (!error) self->on_timer();
  });
}

void Connection::rearm() {
  if (const auto due = exchange_ ? exchange_->next_due() : std::nullopt) arm(*due);
}

void Connection::on_timer() {
  armed_ = Instant::max();
  if (state_ == State::kClosed) return;
  const Instant now = monotonic_now();
  if (deadline_ <= now) {
    if (state_ == State::kReading && has_started_request_) return refuse(408, "the request took too long to arrive");
    return close();
  }
  if (deadline_ != Instant::max()) arm(deadline_);
  if (const auto exchange = exchange_) {
    exchange->run_due(now);
    rearm();
  }
}

// ---------------------------------------------------------------------------------------------------------- server

class Server final : public HttpServer {
 public:
  Server(HttpOptions options, HttpHandler handler) : hub_(std::move(options), std::move(handler)) {}
  ~Server() override { stop(Duration::zero()); }

  Result<void> start() {
    if (!hub_.options.listen.empty()) {
      GENEPOOL_TRY(const Address address, parse_listen(hub_.options.listen));
      GENEPOOL_TRY(UniqueFd fd, listen_on(address));
      port_ = bound_port(fd.get());
      add_listener(address.host.find(':') == std::string::npos ? AF_INET : AF_INET6, std::move(fd));
    }
    if (!hub_.options.socket_path.empty()) {
      Address address;
      address.path = hub_.options.socket_path;
      GENEPOOL_TRY(UniqueFd fd, listen_on(address));
      is_socket_ours_ = true;
      add_listener(AF_UNIX, std::move(fd));
    }
    for (const auto& listener : listeners_) listener->accept();
    thread_ = std::thread([this] { hub_.io.run(); });
    return {};
  }

  std::uint16_t port() const override { return port_; }

  void stop(Duration grace) override {
    if (!thread_.joinable()) return;
    asio::post(hub_.io, [this, grace] { begin_stop(grace); });
    thread_.join();
    if (is_socket_ours_) ::unlink(hub_.options.socket_path.c_str());
  }

 private:
  void add_listener(int family, UniqueFd fd) {
    listeners_.push_back(std::make_shared<Listener>(hub_, family, std::move(fd)));
  }

  // The thread ends by itself when the last connection has gone: nothing is left to wait for.
  void begin_stop(Duration grace) {
    hub_.is_stopping = true;
    for (const auto& listener : listeners_) listener->close();
    for (Connection* connection : copy_of_connections()) connection->close_when_idle();
    work_.reset();
    cutoff_.expires_after(grace);
    cutoff_.async_wait([this](const error_code& error) {
      if (!error) cut();
    });
    poll_end();
  }
  void cut() {
    for (Connection* connection : copy_of_connections()) connection->close();
  }
  // Cheap and rare: only while stopping.
  void poll_end() {
    if (hub_.connections.empty()) {
      cutoff_.cancel();
      return;
    }
    end_check_.expires_after(std::chrono::milliseconds(5));
    end_check_.async_wait([this](const error_code&) { poll_end(); });
  }
  std::vector<Connection*> copy_of_connections() { return {hub_.connections.begin(), hub_.connections.end()}; }

  Hub hub_;
  asio::executor_work_guard<asio::io_context::executor_type> work_{hub_.io.get_executor()};
  asio::steady_timer cutoff_{hub_.io}, end_check_{hub_.io};
  std::vector<std::shared_ptr<Listener>> listeners_;  // shared with their pending accepts
  std::thread thread_;
  std::uint16_t port_ = 0;
  bool is_socket_ours_ = false;
};

}  // namespace

Result<std::unique_ptr<HttpServer>> HttpServer::open(HttpOptions options, HttpHandler handler) {
  auto server = std::make_unique<Server>(std::move(options), std::move(handler));
  GENEPOOL_TRY_VOID(server->start());
  return server;
}

}  // namespace genepool

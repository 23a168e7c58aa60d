#include "http/http_client.h"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cerrno>
#include <cstring>
#include <span>

#include "http/address.h"

namespace genepool {
namespace {

namespace http = boost::beast::http;
using Parser = http::response_parser<http::string_body>;

std::string head_of(std::string_view method, std::string_view path, const std::string& host, const Headers& headers,
                    std::size_t length) {
  std::string head = fmt::format("{} {} HTTP/1.1\r\nhost: {}\r\ncontent-length: {}\r\n", method, path, host, length);
  for (const auto& [name, value] : headers) head += fmt::format("{}: {}\r\n", name, value);
  if (length > 0 && header_value(headers, "content-type").empty()) head += "content-type: application/json\r\n";
  return head + "\r\n";
}

std::string lower(boost::beast::string_view text) {
  std::string result(text.data(), text.size());
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

}  // namespace

struct HttpClient::State {
  Address address;
  HttpTimeouts timeouts;
  UniqueFd fd;
  bool has_answer = false;  // a byte of the answer under way has come

  Result<void> wait_for(short events);
  Result<void> send(std::string_view bytes);
  Result<std::size_t> receive(std::span<char> into);
  Result<HttpReply> attempt(std::string_view method, std::string_view bytes, const OnBytes* on_bytes);
  Result<bool> read_into(Parser& parser, std::string& kept, const OnBytes* on_bytes);
};

Result<void> HttpClient::State::wait_for(short events) {
  pollfd waiting{fd.get(), events, 0};
  const int got = ::poll(&waiting, 1, static_cast<int>(to_ms(timeouts.silence)));
  if (got < 0 && errno != EINTR) return fail_errno("wait for the server", errno);
  if (got == 0) {
    return fail(Code::kDeadlineExceeded, "{} was silent for {:.0f} s", address.text(), to_ms(timeouts.silence) / 1000);
  }
  return {};
}

Result<void> HttpClient::State::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EPIPE || errno == ECONNRESET) {
      return {};  // it may have answered before it closed: what is to be read tells
    } else if (errno == EAGAIN || errno == EINTR) {
      GENEPOOL_TRY_VOID(wait_for(POLLOUT));
    } else {
      return fail_errno("send to " + address.text(), errno);
    }
  }
  return {};
}

// 0 = the server closed.
Result<std::size_t> HttpClient::State::receive(std::span<char> into) {
  for (;;) {
    const ssize_t got = ::recv(fd.get(), into.data(), into.size(), 0);
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno == ECONNRESET) return 0;
    if (errno != EAGAIN && errno != EINTR) return fail_errno("read from " + address.text(), errno);
    GENEPOOL_TRY_VOID(wait_for(POLLIN));
  }
}

// Reads once and parses. False: `on_bytes` wants no more.
Result<bool> HttpClient::State::read_into(Parser& parser, std::string& kept, const OnBytes* on_bytes) {
  std::array<char, 16384> buffer;
  GENEPOOL_TRY(const std::size_t got, receive(buffer));
  boost::system::error_code error;
  if (got == 0) {
    if (has_answer) parser.put_eof(error);
    if (!has_answer || error) return fail(Code::kIo, "{} closed the connection in the middle", address.text());
    return true;
  }
  has_answer = true;
  kept.append(buffer.data(), got);
  while (!kept.empty() && !parser.is_done()) {
    const std::size_t taken = parser.put(boost::asio::buffer(kept), error);
    kept.erase(0, taken);
    if (error == http::error::need_more || (!error && taken == 0)) break;
    if (error) return fail(Code::kIo, "{} does not speak HTTP: {}", address.text(), error.message());
  }
  if (!on_bytes || !parser.is_header_done() || parser.get().result_int() >= 300 || parser.get().body().empty()) return true;
  return (*on_bytes)(std::exchange(parser.get().body(), std::string()));
}

Result<HttpReply> HttpClient::State::attempt(std::string_view method, std::string_view bytes, const OnBytes* on_bytes) {
  has_answer = false;
  GENEPOOL_TRY_VOID(send(bytes));
  Parser parser;
  parser.eager(true);
  parser.skip(method == "HEAD");
  parser.body_limit(boost::none);
  std::string kept;
  bool goes_on = true;
  while (goes_on && !parser.is_done()) {
    auto read = read_into(parser, kept, on_bytes);
    if (!read) return tl::unexpected(std::move(read.error()));
    goes_on = *read;
  }
  if (!goes_on || !parser.keep_alive()) fd.reset();
  HttpReply reply;
  reply.status = static_cast<int>(parser.get().result_int());
  for (const auto& field : parser.get()) {
    reply.headers.emplace_back(lower(field.name_string()), std::string(field.value().data(), field.value().size()));
  }
  reply.body = std::move(parser.get().body());
  return reply;
}

HttpClient::HttpClient(std::unique_ptr<State> state) : state_(std::move(state)) {}
HttpClient::HttpClient(HttpClient&&) noexcept = default;
HttpClient& HttpClient::operator=(HttpClient&&) noexcept = default;
HttpClient::~HttpClient() = default;

Result<HttpClient> HttpClient::open(std::string_view url, HttpTimeouts timeouts) {
  auto state = std::make_unique<State>();
  GENEPOOL_TRY(state->address, parse_url(url));
  state->timeouts = timeouts;
  return HttpClient(std::move(state));
}

Result<HttpReply> HttpClient::request(std::string_view method, std::string_view path, std::string_view body,
                                      const Headers& headers) {
  return stream(method, path, body, headers, nullptr);
}

Result<HttpReply> HttpClient::stream(std::string_view method, std::string_view path, std::string_view body,
                                     const Headers& headers, const OnBytes& on_bytes) {
  const std::string host = state_->address.is_unix() ? "localhost" : state_->address.text();
  std::string bytes = head_of(method, path, host, headers, body.size());
  bytes.append(body);
  const bool is_reused = state_->fd.is_open();
  if (!is_reused) {
    GENEPOOL_TRY(state_->fd, connect_to(state_->address, state_->timeouts.connect));
  }
  auto reply = state_->attempt(method, bytes, on_bytes ? &on_bytes : nullptr);
  if (!reply && reply.error().code == Code::kIo && is_reused && !state_->has_answer) {
    // The server closed the idle connection just then: nothing was answered, so a fresh one is tried once.
    state_->fd.reset();
    GENEPOOL_TRY(state_->fd, connect_to(state_->address, state_->timeouts.connect));
    reply = state_->attempt(method, bytes, on_bytes ? &on_bytes : nullptr);
  }
  if (!reply) state_->fd.reset();
  return reply;
}

}  // namespace genepool

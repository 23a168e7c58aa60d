#include "cli/connection.h"

#include <cstdlib>

#include "cli/settings.h"
#include "cli/wire.h"
#include "http/address.h"

namespace genepool::cli {

Result<std::string> Connection::send(std::string_view method, std::string_view path, std::string_view body) {
  Headers headers;
  if (!body.empty()) headers.emplace_back("content-type", "application/json");
  Result<HttpReply> reply = client_.request(method, path, body, headers);
  if (!reply) return tl::unexpected(explained(std::move(reply.error())));
  if (reply->status >= 300) return tl::unexpected(error_of_answer(reply->status, reply->body));
  return std::move(reply->body);
}

Result<void> Connection::stream(std::string_view method, std::string_view path, std::string_view body, const OnLine& on_line) {
  std::string pending;
  const auto on_bytes = [&](std::string_view bytes) {
    pending += bytes;
    std::size_t start = 0;
    for (std::size_t end; (end = pending.find('\n', start)) != std::string::npos; start = end + 1) {
      std::string_view line(pending.data() + start, end - start);
      if (line.ends_with('\r')) line.remove_suffix(1);
      if (!on_line(line)) return false;
    }
    pending.erase(0, start);
    return true;
  };
  const Headers headers{{"content-type", "application/json"}, {"accept", "text/event-stream"}};
  Result<HttpReply> reply = client_.stream(method, path, body, headers, on_bytes);
  if (!reply) return tl::unexpected(explained(std::move(reply.error())));
  if (reply->status >= 300) return tl::unexpected(error_of_answer(reply->status, reply->body));
  return {};
}

Error Connection::explained(Error error) const {
  if (error.code == Code::kUnreachable) error.message = "no server at " + place_ + ": start one with `genepool serve`";
  return error;
}

std::string host_asked_for(const Invocation& invocation) {
  if (invocation.has("--host")) return invocation.text("--host");
  const char* host = std::getenv("GENEPOOL_HOST");
  return host == nullptr ? "" : host;
}

namespace {

Result<std::unique_ptr<Connection>> connect_to(const Invocation& invocation, const std::string& url, std::string place) {
  HttpTimeouts timeouts{.silence = std::chrono::minutes(5)};
  if (invocation.has("--timeout")) {
    GENEPOOL_TRY(const std::int64_t ms, parse_millis(invocation.text("--timeout")));
    if (ms > 0) timeouts.silence = std::chrono::milliseconds(ms);
  }
  GENEPOOL_TRY(HttpClient client, HttpClient::open(url, timeouts));
  return std::make_unique<Connection>(std::move(client), std::move(place));
}

}  // namespace

Result<std::unique_ptr<Connection>> connect_to(const Invocation& invocation, const std::string& url) {
  return connect_to(invocation, url, url);
}

Result<std::unique_ptr<Connection>> connect_to_server(const Invocation& invocation) {
  if (const std::string host = host_asked_for(invocation); !host.empty()) return connect_to(invocation, host);
  GENEPOOL_TRY(const Config config, settings_of(invocation));
  const std::string socket = "unix:" + socket_path_of(config);
  const bool is_named = !config.server_data_dir.empty() || !config.server_socket.empty();
  if (is_named || is_listening(socket_path_of(config))) return connect_to(invocation, socket);
  const std::string url = "http://" + config.server_listen;
  return connect_to(invocation, url, fmt::format("{} or {}", socket, url));
}

bool is_listening(const std::string& socket_path) {
  return genepool::connect_to(Address{.path = socket_path}, std::chrono::seconds(1)).has_value();
}

std::string percent_encoded(std::string_view text) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
                          c == '_' || c == '~';
    if (is_plain) {
      encoded += c;
    } else {
      encoded += {'%', kDigits[byte >> 4U], kDigits[byte & 15U]};
    }
  }
  return encoded;
}

}  // namespace genepool::cli

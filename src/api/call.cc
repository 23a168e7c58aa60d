#include "api/call.h"

#include "api/errors.h"

namespace genepool::api {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

void Call::reply(int status, std::string_view content_type, std::string body, Headers more) const {
  count(status);  // first: who has the answer in hand may ask for the metrics at once
  more.emplace_back("content-type", std::string(content_type));
  writer->reply(status, std::move(more), std::move(body));
}

void Call::reply_error(const Error& error) const {
  const int status = error_row(error.code).http_status;
  count(status);
  writer->reply(status, error_headers(error), error_body(error));
}

void Call::count(int status) const {
  metrics->add(Counter::kRequests, {endpoint, std::to_string(status)});
  metrics->observe(Histogram::kRequestSeconds, to_ms(monotonic_now() - began) / 1e3, {endpoint});
}

std::string Call::query(std::string_view key) const {
  std::string_view rest = request.query;
  while (!rest.empty()) {
    const std::size_t end = rest.find('&');
    const std::string_view pair = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    const std::size_t equals = pair.find('=');
    if (pair.substr(0, equals) != key || equals == std::string_view::npos) continue;
    return percent_decode(pair.substr(equals + 1), true).value_or(std::string());
  }
  return {};
}

void Call::drop_request_text() {
  request.body = std::string();
  request.headers = Headers();
}

Result<std::string> percent_decode(std::string_view text, bool plus_is_space) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      result += plus_is_space && text[i] == '+' ? ' ' : text[i];
      continue;
    }
    const bool has_two = i + 2 < text.size();
    const int high = has_two ? hex_digit(text[i + 1]) : -1;
    const int low = has_two ? hex_digit(text[i + 2]) : -1;
    if (high < 0 || low < 0) return fail(Code::kBadRequest, "\"{}\" has a '%' that two hex digits do not follow", text);
    result += static_cast<char>(16 * high + low);
    i += 2;
  }
  return result;
}

}  // namespace genepool::api

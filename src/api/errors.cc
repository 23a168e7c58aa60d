#include "api/errors.h"

#include <algorithm>

#include "api/json.h"

namespace genepool::api {
namespace {

// Above a minute the Python client gives up although it was told to wait; the JavaScript one would wait for ever.
constexpr std::chrono::milliseconds kLongestRetry = std::chrono::seconds(60);
constexpr std::chrono::milliseconds kDefaultRetry = std::chrono::seconds(1);

// What OpenAI's clients try again by themselves.
bool is_retried_by_clients(int status) { return status == 408 || status == 409 || status == 429 || status >= 500; }

}  // namespace

std::string error_body(const Error& error) {
  const ErrorRow& row = error_row(error.code);
  return dump({{"error",
                {{"message", error.message},
                 {"type", row.api_type},
                 {"param", error.param.empty() ? Out() : Out(error.param)},
                 {"code", row.api_code}}}});
}

Headers error_headers(const Error& error) {
  const ErrorRow& row = error_row(error.code);
  Headers headers{{"content-type", "application/json"}};
  const auto wait = std::max(error.retry_after.value_or(kDefaultRetry), std::chrono::milliseconds(1));
  const bool says_when = (row.retry == Retry::kAfter || error.retry_after) && wait <= kLongestRetry;
  if (says_when) {
    headers.emplace_back("retry-after", std::to_string((wait.count() + 999) / 1000));
    headers.emplace_back("retry-after-ms", std::to_string(wait.count()));
  }
  const bool may_retry = row.retry == Retry::kClient || (row.retry == Retry::kAfter && says_when);
  if (!may_retry && is_retried_by_clients(row.http_status)) headers.emplace_back("x-should-retry", "false");
  return headers;
}

}  // namespace genepool::api

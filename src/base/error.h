// Error and Result: how every function of ours reports failure. Nothing of ours throws.
// Thread: values, free to move between threads.
// Use:   Result<int> parse(...);                    each such function is [[nodiscard]]
//        return fail(Code::kBadRequest, "weight {} is not finite", w);
//        return fail_param(Code::kBadRequest, "temperature", "must be between 0 and 2, found {}", t);
// Not here: how a Code looks on the wire or as an exit status: errors.def has one row for each.
#pragma once

#include <fmt/core.h>

#include <chrono>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace genepool {

enum class Code {
#define GENEPOOL_ERROR(code, api, http, type, exit_status, retry) code,
#include "base/errors.def"
#undef GENEPOOL_ERROR
};

enum class Retry { kNo, kClient, kAfter };

struct ErrorRow {
  std::string_view api_code;  // "queue_full"
  int http_status;
  std::string_view api_type;  // OpenAI's error.type
  int exit_status;            // of the command line
  Retry retry;
};
[[nodiscard]] const ErrorRow& error_row(Code code);

// The Code whose api_code this is (a client reads an answer); kInternal when there is none.
[[nodiscard]] Code code_from_api(std::string_view api_code);

struct Error {
  Code code = Code::kInternal;
  std::string message;  // what was wanted, what was found, what to do
  std::string param;    // the field at fault, "" when no single one is
  std::optional<std::chrono::milliseconds> retry_after;
};

template <class T>
using Result = tl::expected<T, Error>;

template <class... Args>
[[nodiscard]] tl::unexpected<Error> fail(Code code, fmt::format_string<Args...> format, Args&&... args) {
  return tl::unexpected(Error{code, fmt::format(format, std::forward<Args>(args)...), "", std::nullopt});
}

template <class... Args>
[[nodiscard]] tl::unexpected<Error> fail_param(Code code, std::string param, fmt::format_string<Args...> format,
                                               Args&&... args) {
  return tl::unexpected(Error{code, fmt::format(format, std::forward<Args>(args)...), std::move(param), std::nullopt});
}

// kIo with the text of `errno`; kStoreFull when the disk is full. `doing` reads like "write the layer file x".
[[nodiscard]] tl::unexpected<Error> fail_errno(std::string_view doing, int error_number);

// For broken invariants, always on, never reachable from a request or a file: prints and aborts.
[[noreturn]] void check_failed(const char* condition, const char* file, int line, std::string_view detail);

}  // namespace genepool

// NOLINTBEGIN(bugprone-macro-parentheses): a declaration cannot stand in parentheses
#define GENEPOOL_CHECK(condition, ...)                                                                        \
  do {                                                                                                        \
    if (!(condition)) ::genepool::check_failed(#condition, __FILE__, __LINE__, ::fmt::format("" __VA_ARGS__)); \
  } while (false)

// Runs `expression` (a Result<T>), returns its error from the calling function, else binds its value to `lhs`.
#define GENEPOOL_CONCAT_(a, b) a##b
#define GENEPOOL_CONCAT(a, b) GENEPOOL_CONCAT_(a, b)
#define GENEPOOL_TRY_IMPL_(tmp, lhs, expression)            \
  auto tmp = (expression);                                  \
  if (!tmp) return tl::unexpected(std::move(tmp.error())); \
  lhs = std::move(*tmp)
#define GENEPOOL_TRY(lhs, expression) GENEPOOL_TRY_IMPL_(GENEPOOL_CONCAT(try_result_, __LINE__), lhs, expression)
#define GENEPOOL_TRY_VOID(expression)                                        \
  do {                                                                       \
    auto try_void = (expression);                                            \
    if (!try_void) return tl::unexpected(std::move(try_void.error()));       \
  } while (false)
// NOLINTEND(bugprone-macro-parentheses)

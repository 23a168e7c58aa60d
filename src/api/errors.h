// An Error as HTTP: OpenAI's body, and the headers that make its clients retry, or not. Status and advice come from the
// row in base/errors.def. Thread: any, pure.
#pragma once

#include <string>

#include "base/error.h"
#include "http/http.h"

namespace genepool::api {

[[nodiscard]] std::string error_body(const Error& error);  // {"error": {"message", "type", "param", "code"}}
[[nodiscard]] Headers error_headers(const Error& error);   // content-type, retry-after, x-should-retry

}  // namespace genepool::api

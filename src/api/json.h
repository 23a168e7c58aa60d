// JSON at the edge, for api/*.cc only (nlohmann costs 3 s of compile time a file): bounded parsing of what clients send, and
// reading of fields that names the field at fault. Thread: any, pure.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/error.h"

namespace genepool::api {

using Json = nlohmann::json;          // what comes in: a tree, so that a million keys cost no quadratic search
using Out = nlohmann::ordered_json;   // what goes out: keys in the order they were written

// A JSON object. kBadRequest: not JSON, not UTF-8, nested deeper than kMaxDepth, a number that is not finite, no object.
// A key given twice has its last value, as everywhere.
inline constexpr int kMaxDepth = 32;
[[nodiscard]] Result<Json> parse_object(std::string_view text);

// Compact text; bytes that are not UTF-8 become U+FFFD.
[[nodiscard]] std::string dump(const Out& value);

// The fields of one object. null counts as absent; absent leaves the value alone. Errors are kBadRequest with
// param = prefix + key.
class Fields {
 public:
  explicit Fields(const Json& object, std::string prefix = "") : object_(object), prefix_(std::move(prefix)) {}

  [[nodiscard]] const Json* find(const char* key) const;  // nullptr: absent or null
  [[nodiscard]] Result<void> number(const char* key, double least, double most, double& value) const;
  [[nodiscard]] Result<void> number(const char* key, double least, double most, float& value) const;
  [[nodiscard]] Result<void> integer(const char* key, std::int64_t least, std::int64_t most, std::int64_t& value) const;
  [[nodiscard]] Result<void> flag(const char* key, bool& value) const;
  [[nodiscard]] Result<void> text(const char* key, std::string& value) const;
  [[nodiscard]] Result<std::string> required_text(const char* key) const;

  // Refuses an object with other fields than these: a misspelt one would silently do nothing.
  [[nodiscard]] Result<void> only(std::initializer_list<std::string_view> keys) const;

  [[nodiscard]] tl::unexpected<Error> wrong(const char* key, std::string_view wanted) const;

 private:
  const Json& object_;
  std::string prefix_;
};

// A value as an error message shows it: short.
[[nodiscard]] std::string shown(const Json& value);

}  // namespace genepool::api

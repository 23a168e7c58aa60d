#include "api/json.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace genepool::api {
namespace {

constexpr std::size_t kShown = 60;

// Brackets outside strings. Looked at before parsing, so that nothing recursive ever sees a deep tree.
bool is_too_deep(std::string_view text) {
  int depth = 0;
  bool is_in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (is_in_string) {
      if (c == '\\') ++i;
      if (c == '"') is_in_string = false;
    } else if (c == '"') {
      is_in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > kMaxDepth) return true;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return false;
}

}  // namespace

Result<Json> parse_object(std::string_view text) {
  if (text.empty()) return fail(Code::kBadRequest, "the request has no body: a JSON object is wanted");
  if (is_too_deep(text)) return fail(Code::kBadRequest, "the body is nested deeper than {} levels", kMaxDepth);
  // The parser takes a NUL for the end of its text, whatever follows.
  if (const std::size_t nul = text.find('\0'); nul != std::string_view::npos) {
    return fail(Code::kBadRequest, "the body is not valid JSON: stopped at byte {} of {}", nul + 1, text.size());
  }
  Json value;
  try {
    value = Json::parse(text);
  } catch (const Json::parse_error& error) {
    return fail(Code::kBadRequest, "the body is not valid JSON: stopped at byte {} of {}", error.byte, text.size());
  } catch (const Json::exception&) {
    return fail(Code::kBadRequest, "the body is not valid JSON: a number in it is out of range");
  }
  if (!value.is_object()) return fail(Code::kBadRequest, "the body must be a JSON object, found {}", value.type_name());
  return value;
}

std::string dump(const Out& value) { return value.dump(-1, ' ', false, Out::error_handler_t::replace); }

std::string shown(const Json& value) {
  std::string text = value.dump(-1, ' ', true, Json::error_handler_t::replace);  // ASCII: may be cut anywhere
  if (text.size() > kShown) text = text.substr(0, kShown) + "...";
  return text;
}

const Json* Fields::find(const char* key) const {
  const auto found = object_.find(key);
  return found == object_.end() || found->is_null() ? nullptr : &*found;
}

Result<void> Fields::only(std::initializer_list<std::string_view> keys) const {
  for (const auto& [key, value] : object_.items()) {
    if (std::ranges::find(keys, key) != keys.end()) continue;
    return fail_param(Code::kBadRequest, prefix_ + key, "there is no field \"{}\" here, only {}", prefix_ + key, fmt::join(keys, ", "));
  }
  return {};
}

tl::unexpected<Error> Fields::wrong(const char* key, std::string_view wanted) const {
  const auto found = object_.find(key);
  const std::string name = prefix_ + key;
  if (found == object_.end()) return fail_param(Code::kBadRequest, name, "{} is missing: wanted {}", name, wanted);
  return fail_param(Code::kBadRequest, name, "{} must be {}, found {}", name, wanted, shown(*found));
}

Result<void> Fields::number(const char* key, double least, double most, double& value) const {
  const Json* found = find(key);
  if (!found) return {};
  if (found->is_number()) {
    const double given = found->get<double>();
    if (std::isfinite(given) && given >= least && given <= most) {
      value = given;
      return {};
    }
  }
  return wrong(key, fmt::format("a number from {} to {}", least, most));
}

Result<void> Fields::number(const char* key, double least, double most, float& value) const {
  double wide = value;
  GENEPOOL_TRY_VOID(number(key, least, most, wide));
  value = static_cast<float>(wide);
  return {};
}

Result<void> Fields::integer(const char* key, std::int64_t least, std::int64_t most, std::int64_t& value) const {
  const Json* found = find(key);
  if (!found) return {};
  // 16.0 is what some clients make of 16.
  const bool is_whole_float = found->is_number_float() && std::trunc(found->get<double>()) == found->get<double>() &&
                              std::abs(found->get<double>()) < 9e15;
  const bool fits = found->is_number_unsigned() ? found->get<std::uint64_t>() <= INT64_MAX : found->is_number_integer();
  if (fits || is_whole_float) {
    const auto given = found->get<std::int64_t>();
    if (given >= least && given <= most) {
      value = given;
      return {};
    }
  }
  return wrong(key, fmt::format("a whole number from {} to {}", least, most));
}

Result<void> Fields::flag(const char* key, bool& value) const {
  const Json* found = find(key);
  if (!found) return {};
  if (!found->is_boolean()) return wrong(key, "true or false");
  value = found->get<bool>();
  return {};
}

Result<void> Fields::text(const char* key, std::string& value) const {
  const Json* found = find(key);
  if (!found) return {};
  if (!found->is_string()) return wrong(key, "a string");
  value = found->get_ref<const std::string&>();
  return {};
}

Result<std::string> Fields::required_text(const char* key) const {
  std::string value;
  GENEPOOL_TRY_VOID(text(key, value));
  if (value.empty()) return wrong(key, "a string that is not empty");
  return value;
}

}  // namespace genepool::api

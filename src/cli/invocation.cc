#include "cli/invocation.h"

#include <charconv>

namespace genepool::cli {
namespace {

template <class Number>
Result<Number> number_within(std::string_view flag, const std::string& text, Number least, Number most) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool is_number = error == std::errc() && end == text.data() + text.size();
  if (!is_number || !(value >= least && value <= most)) {
    return fail_param(Code::kUsage, std::string(flag), "{} must be a number from {} to {}, found \"{}\"", flag, least, most,
                      text);
  }
  return value;
}

}  // namespace

std::string Invocation::text(std::string_view flag, std::string_view otherwise) const {
  const auto it = flags.find(flag);
  return it == flags.end() ? std::string(otherwise) : it->second;
}

Result<std::int64_t> Invocation::count(std::string_view flag, std::int64_t otherwise, std::int64_t least,
                                       std::int64_t most) const {
  if (!has(flag)) return otherwise;
  return number_within(flag, text(flag), least, most);
}

Result<double> Invocation::ratio(std::string_view flag, double otherwise, double least, double most) const {
  if (!has(flag)) return otherwise;
  return number_within(flag, text(flag), least, most);
}

const std::vector<std::string>& Invocation::rest(std::string_view name) const {
  static const std::vector<std::string> kNone;
  const auto it = arguments.find(name);
  return it == arguments.end() ? kNone : it->second;
}

const std::string& Invocation::argument(std::string_view name) const {
  static const std::string kNone;
  const auto& words = rest(name);
  return words.empty() ? kNone : words.front();
}

}  // namespace genepool::cli

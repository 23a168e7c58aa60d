#include "api/golden_prompts.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <sstream>

#include "api/sampling_fields.h"

namespace genepool::api {
namespace {

constexpr std::int64_t kDefaultTokens = 64;
constexpr std::int64_t kMostWords = 1 << 20;
constexpr std::size_t kMaxPattern = 1024;

// A pattern's automaton stays small, and a match takes time linear in the answer.
RE2::Options pattern_options() {
  RE2::Options options;
  options.set_max_mem(1 << 20);
  options.set_log_errors(false);
  return options;
}

std::vector<std::string> texts_of(const Json& wanted) {
  if (wanted.is_string()) return {wanted.get<std::string>()};
  return wanted.get<std::vector<std::string>>();
}

bool has(const std::string& answer, const std::string& text) { return answer.find(text) != std::string::npos; }

std::int64_t words_of(const std::string& answer) {
  std::istringstream in(answer);
  std::string word;
  std::int64_t count = 0;
  while (in >> word) ++count;
  return count;
}

// ---- the properties: what each takes, and what it says of an answer ("" = it holds)

Result<void> check_texts(const Fields& fields, const char* key) {
  const Json& given = *fields.find(key);
  const auto is_text = [](const Json& one) { return one.is_string() && !one.get_ref<const std::string&>().empty(); };
  if (is_text(given) || (given.is_array() && !given.empty() && std::ranges::all_of(given, is_text))) return {};
  return fields.wrong(key, "a text or a list of texts");
}

Result<void> check_pattern(const Fields& fields, const char* key) {
  GENEPOOL_TRY(const std::string pattern, fields.required_text(key));
  if (pattern.size() > kMaxPattern) return fields.wrong(key, fmt::format("at most {} bytes", kMaxPattern));
  const RE2 expression(pattern, pattern_options());
  if (!expression.ok()) return fields.wrong(key, "a regular expression of RE2's: " + expression.error());
  return {};
}

Result<void> check_flag(const Fields& fields, const char* key) {
  bool ignored = false;
  return fields.flag(key, ignored);
}

Result<void> check_count(const Fields& fields, const char* key) {
  std::int64_t ignored = 0;
  return fields.integer(key, 0, kMostWords, ignored);
}

std::string contains(const Json& wanted, const std::string& answer) {
  for (const std::string& text : texts_of(wanted)) {
    if (!has(answer, text)) return fmt::format("does not contain \"{}\"", text);
  }
  return "";
}

std::string contains_any(const Json& wanted, const std::string& answer) {
  const std::vector<std::string> texts = texts_of(wanted);
  if (std::ranges::any_of(texts, [&](const std::string& text) { return has(answer, text); })) return "";
  return fmt::format("contains none of \"{}\"", fmt::join(texts, "\", \""));
}

std::string excludes(const Json& unwanted, const std::string& answer) {
  for (const std::string& text : texts_of(unwanted)) {
    if (has(answer, text)) return fmt::format("contains \"{}\"", text);
  }
  return "";
}

std::string matches(const Json& pattern, const std::string& answer) {
  const auto& text = pattern.get_ref<const std::string&>();
  return RE2::PartialMatch(answer, RE2(text, pattern_options())) ? "" : fmt::format("does not match {}", text);
}

std::string is_json(const Json& wanted, const std::string& answer) {
  if (Json::accept(answer) == wanted.get<bool>()) return "";
  return wanted.get<bool>() ? "is not JSON" : "is JSON";
}

std::string min_words(const Json& least, const std::string& answer) {
  const std::int64_t words = words_of(answer);
  return words >= least.get<std::int64_t>() ? "" : fmt::format("has {} words, fewer than {}", words, least.get<std::int64_t>());
}

std::string max_words(const Json& most, const std::string& answer) {
  const std::int64_t words = words_of(answer);
  return words <= most.get<std::int64_t>() ? "" : fmt::format("has {} words, more than {}", words, most.get<std::int64_t>());
}

struct Property {
  const char* name;
  Result<void> (*check)(const Fields& fields, const char* key);
  std::string (*failure)(const Json& wanted, const std::string& answer);
};
constexpr std::array kProperties = {
    Property{"contains", check_texts, contains},    Property{"contains_any", check_texts, contains_any},
    Property{"excludes", check_texts, excludes},    Property{"matches", check_pattern, matches},
    Property{"is_json", check_flag, is_json},       Property{"min_words", check_count, min_words},
    Property{"max_words", check_count, max_words},
};

Result<void> check_expected(const Json& expected) {
  const Fields fields(expected, "expect.");
  for (const auto& [key, value] : expected.items()) {
    const auto property = std::ranges::find_if(kProperties, [&, name = key](const Property& one) { return one.name == name; });
    if (property == kProperties.end()) return fail_param(Code::kBadRequest, "expect." + key, "there is no property \"{}\"", key);
    if (value.is_null()) return fields.wrong(property->name, "something");
    GENEPOOL_TRY_VOID(property->check(fields, property->name));
  }
  if (expected.contains("min_words") && expected.contains("max_words") && expected["min_words"] > expected["max_words"]) {
    return fail_param(Code::kBadRequest, "expect.min_words", "no answer has at least {} and at most {} words",
                      expected["min_words"].get<std::int64_t>(), expected["max_words"].get<std::int64_t>());
  }
  return {};
}

// The request's own fields: a parameter that nobody knows is refused as in a genome.
Result<Json> read_request(const Json& given) {
  Json parameters = given;
  for (const char* key : {"prompt", "messages", "expect"}) parameters.erase(key);
  GENEPOOL_TRY_VOID(check_parameters(parameters.dump()).map([](const std::string&) {}));
  fold_max_tokens(parameters);
  Json request = {{"temperature", 0}, {"seed", 0}, {"max_tokens", kDefaultTokens}};
  request.update(parameters);
  const Fields fields(given);
  if (given.contains("messages") == given.contains("prompt")) return fields.wrong("prompt", "a text, or \"messages\" in its place");
  if (given.contains("messages")) {
    request["messages"] = given["messages"];
    return request;
  }
  GENEPOOL_TRY(std::string text, fields.required_text("prompt"));
  request["messages"] = Json::array({{{"role", "user"}, {"content", std::move(text)}}});
  return request;
}

Result<GoldenPrompt> read_one(const Json& given) {
  if (!given.is_object()) return fail(Code::kBadRequest, "a golden prompt is an object");
  const Fields fields(given);
  GoldenPrompt prompt;
  const Json* expected = fields.find("expect");
  if (!expected || !expected->is_object() || expected->empty()) return fields.wrong("expect", "an object of properties");
  GENEPOOL_TRY_VOID(check_expected(*expected));
  prompt.expected = *expected;
  GENEPOOL_TRY(prompt.request, read_request(given));
  GENEPOOL_TRY([[maybe_unused]] const GenerateParams params, request_of(prompt, {}));  // for its refusals
  const Json& last = prompt.request["messages"].back()["content"];
  prompt.shown = last.is_string() ? last.get<std::string>() : last.dump();
  return prompt;
}

}  // namespace

Result<std::vector<GoldenPrompt>> read_golden(const Json& prompts) {
  if (!prompts.is_array() || prompts.size() > kMaxGoldenPrompts) {
    return fail_param(Code::kBadRequest, "prompts", "golden prompts are an array of at most {}", kMaxGoldenPrompts);
  }
  std::vector<GoldenPrompt> all;
  std::uint64_t tokens = 0;
  for (const Json& one : prompts) {
    auto prompt = read_one(one);
    if (!prompt) {
      prompt.error().message = fmt::format("golden prompt {}: {}", all.size() + 1, prompt.error().message);
      return tl::unexpected(std::move(prompt.error()));
    }
    tokens += prompt->request["max_tokens"].get<std::uint64_t>();
    all.push_back(std::move(*prompt));
  }
  if (tokens <= kMaxGoldenTokens) return all;
  return fail_param(Code::kBadRequest, "prompts", "the answers may have {} tokens together, at most are {}", tokens, kMaxGoldenTokens);
}

Result<std::string> check_golden(std::string_view json) {
  GENEPOOL_TRY(const Json wrapped, parse_object(fmt::format("{{\"prompts\":{}}}", json)));  // for its limits
  const Json& given = wrapped["prompts"];
  const bool is_object = given.is_object() && given.size() == 1 && given.contains("prompts");  // as the API takes and gives it
  const Json& prompts = is_object ? given["prompts"] : given;
  GENEPOOL_TRY_VOID(read_golden(prompts).map([](const auto&) {}));
  return prompts.empty() ? std::string() : prompts.dump();
}

Result<GenerateParams> request_of(const GoldenPrompt& prompt, const ResolvedGenome& genome) {
  Json body = prompt.request;
  body["model"] = "base";  // not looked up
  return parse_openai(Dialect::kChat, body.dump(), [&](std::string_view) -> Result<ResolvedGenome> { return genome; })
      .map([](OpenAiRequest request) { return std::move(request.params); });
}

std::vector<std::string> failures_of(const GoldenPrompt& prompt, const std::string& answer) {
  std::vector<std::string> failures;
  for (const Property& property : kProperties) {
    if (!prompt.expected.contains(property.name)) continue;
    if (std::string why = property.failure(prompt.expected[property.name], answer); !why.empty()) failures.push_back(std::move(why));
  }
  return failures;
}

}  // namespace genepool::api

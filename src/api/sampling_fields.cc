#include "api/sampling_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace genepool::api {
namespace {

constexpr std::size_t kMaxStops = 16, kMaxStopBytes = 1024, kMaxBiases = 1024;
constexpr std::int64_t kMaxTokens = 1 << 24;  // beyond any context
constexpr double kMaxBias = 100;

constexpr std::array kParameterNames = {
    "max_tokens",     "max_completion_tokens", "temperature", "top_p", "top_k", "min_p",     "presence_penalty",
    "frequency_penalty", "repeat_penalty",     "stop",        "seed",  "logit_bias"};

Result<void> read_stop(const Fields& fields, std::vector<std::string>& stop) {
  const Json* given = fields.find("stop");
  if (!given) return {};
  const std::string wanted = fmt::format("a string or at most {} strings, each of 1 to {} bytes", kMaxStops, kMaxStopBytes);
  std::vector<std::string> all;
  if (given->is_string()) {
    all.push_back(given->get<std::string>());
  } else if (given->is_array() && given->size() <= kMaxStops) {
    for (const Json& one : *given) {
      if (!one.is_string()) return fields.wrong("stop", wanted);
      all.push_back(one.get<std::string>());
    }
  } else {
    return fields.wrong("stop", wanted);
  }
  const auto is_bad = [](const std::string& s) { return s.empty() || s.size() > kMaxStopBytes; };
  if (std::ranges::any_of(all, is_bad)) return fields.wrong("stop", wanted);
  stop = std::move(all);
  return {};
}

// OpenAI's seeds have 64 bits, ours 32: small ones stay what they are. -1 is llama.cpp's "any".
Result<void> read_seed(const Fields& fields, std::optional<std::uint32_t>& seed) {
  if (!fields.find("seed")) return {};
  std::int64_t given = 0;
  GENEPOOL_TRY_VOID(fields.integer("seed", INT64_MIN, INT64_MAX, given));
  const auto bits = static_cast<std::uint64_t>(given);
  seed.reset();
  if (given != -1) seed = static_cast<std::uint32_t>(bits ^ (bits >> 32));
  return {};
}

Result<void> read_logit_bias(const Fields& fields, std::vector<std::pair<Token, float>>& bias) {
  const Json* given = fields.find("logit_bias");
  if (!given) return {};
  const std::string wanted =
      fmt::format("an object of at most {} token ids with biases from -{} to {}", kMaxBiases, kMaxBias, kMaxBias);
  if (!given->is_object() || given->size() > kMaxBiases) return fields.wrong("logit_bias", wanted);
  bias.clear();
  for (const auto& [key, value] : given->items()) {
    Token token = 0;
    const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), token);
    const bool is_token = error == std::errc() && end == key.data() + key.size() && token >= 0;
    const double amount = value.is_number() ? value.get<double>() : kMaxBias + 1;
    if (!is_token || !(std::abs(amount) <= kMaxBias)) return fields.wrong("logit_bias", wanted);
    bias.emplace_back(token, static_cast<float>(amount));
  }
  return {};
}

}  // namespace

void fold_max_tokens(Json& object) {
  const auto newer = object.find("max_completion_tokens");
  if (newer == object.end()) return;
  if (!newer->is_null()) object["max_tokens"] = *newer;
  object.erase("max_completion_tokens");
}

Result<void> read_sampling(const Json& object, GenerateParams& params) {
  const Fields fields(object);
  SamplingParams& s = params.sampling;
  std::int64_t max_tokens = params.max_tokens, top_k = s.top_k;
  GENEPOOL_TRY_VOID(fields.integer("max_tokens", 1, kMaxTokens, max_tokens));
  GENEPOOL_TRY_VOID(fields.number("temperature", 0, 2, s.temperature));
  GENEPOOL_TRY_VOID(fields.number("top_p", 0, 1, s.top_p));
  GENEPOOL_TRY_VOID(fields.integer("top_k", -1, 1 << 20, top_k));
  GENEPOOL_TRY_VOID(fields.number("min_p", 0, 1, s.min_p));
  GENEPOOL_TRY_VOID(fields.number("presence_penalty", -2, 2, s.presence_penalty));
  GENEPOOL_TRY_VOID(fields.number("frequency_penalty", -2, 2, s.frequency_penalty));
  GENEPOOL_TRY_VOID(fields.number("repeat_penalty", 0.01, 10, s.repeat_penalty));
  GENEPOOL_TRY_VOID(read_stop(fields, params.stop));
  GENEPOOL_TRY_VOID(read_seed(fields, s.seed));
  GENEPOOL_TRY_VOID(read_logit_bias(fields, s.logit_bias));
  params.max_tokens = static_cast<std::uint32_t>(max_tokens);
  s.top_k = static_cast<std::int32_t>(std::max<std::int64_t>(top_k, 0));  // vLLM writes -1 for off
  return {};
}

Result<std::string> check_parameters(std::string_view json_object) {
  GENEPOOL_TRY(Json object, parse_object(json_object));
  for (const auto& [key, value] : object.items()) {
    if (std::ranges::find(kParameterNames, key) == kParameterNames.end()) {
      return fail_param(Code::kBadRequest, key, "{} is not a parameter that a genome can set: known are {}", key,
                        fmt::join(kParameterNames, ", "));
    }
  }
  fold_max_tokens(object);
  GenerateParams unused;
  GENEPOOL_TRY_VOID(read_sampling(object, unused));
  return object.empty() ? std::string() : object.dump();
}

}  // namespace genepool::api

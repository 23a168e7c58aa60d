#include "api/openai_request.h"

#include <algorithm>
#include <array>
#include <cstdlib>

#include "api/json.h"
#include "api/sampling_fields.h"
#include "api/user_number.h"
#include "config/config.h"

namespace genepool::api {
namespace {

constexpr std::size_t kMaxMessages = 4096, kMaxFallbacks = 8;
constexpr std::int64_t kMaxTopLogprobs = 20;
constexpr std::uint32_t kLegacyMaxTokens = 16;  // OpenAI's default for /v1/completions

tl::unexpected<Error> not_supported(const std::string& field, std::string_view what) {
  return fail_param(Code::kBadRequest, field, "{} is not supported: {}", field, what);
}

// ---- what would change the answer and cannot be done is refused, never dropped in silence

bool is_empty_or_off(const Json& value) {
  return value == false || value == "none" || value == "auto" || ((value.is_array() || value.is_object()) && value.empty());
}

Result<void> refuse_unsupported(const Fields& fields) {
  for (const char* field : {"tools", "functions", "echo", "suffix", "audio", "guided_json", "grammar", "json_schema"}) {
    const Json* given = fields.find(field);
    if (given && !is_empty_or_off(*given) && *given != "") return not_supported(field, "leave it out");
  }
  for (const char* field : {"tool_choice", "function_call"}) {
    const Json* given = fields.find(field);
    if (given && !is_empty_or_off(*given)) return not_supported(field, "there are no tools to choose from");
  }
  const Json* format = fields.find("response_format");
  if (format && !(format->is_object() && format->value("type", Json()) == "text")) {
    return not_supported("response_format", "only {\"type\": \"text\"} is");
  }
  for (const char* field : {"n", "best_of"}) {
    const Json* given = fields.find(field);
    if (given && *given != 1) return not_supported(field, "only 1 is; ask several times, they are answered together");
  }
  return {};
}

// ---- messages

Result<std::string> read_part(const Json& part, const std::string& where) {
  if (!part.is_object()) return fail_param(Code::kBadRequest, where, "{} must be an object, found {}", where, shown(part));
  const Fields fields(part, where + ".");
  GENEPOOL_TRY(const std::string type, fields.required_text("type"));
  if (type != "text") return not_supported(where + ".type", "only text parts are, found " + shown(type));
  if (!fields.find("text")) return fields.wrong("text", "a string");
  std::string text;
  GENEPOOL_TRY_VOID(fields.text("text", text));
  return text;
}

Result<std::string> read_content(const Fields& message, const std::string& where) {
  const Json* content = message.find("content");
  if (!content) return message.wrong("content", "a string or an array of text parts");
  if (content->is_string()) return content->get<std::string>();
  if (!content->is_array()) return message.wrong("content", "a string or an array of text parts");
  std::string all;
  for (std::size_t i = 0; i < content->size(); ++i) {
    GENEPOOL_TRY(const std::string text, read_part((*content)[i], fmt::format("{}.content[{}]", where, i)));
    all += text;
  }
  return all;
}

Result<ChatMessage> read_message(const Json& message, const std::string& where) {
  if (!message.is_object()) {
    return fail_param(Code::kBadRequest, where, "{} must be an object with role and content, found {}", where, shown(message));
  }
  const Fields fields(message, where + ".");
  GENEPOOL_TRY(std::string role, fields.required_text("role"));
  if (role == "developer") role = "system";  // OpenAI's newer name; templates know the older
  if (role == "tool" || role == "function") return not_supported(where + ".role", "there are no tools");
  if (role != "system" && role != "user" && role != "assistant") {
    return fields.wrong("role", "\"system\", \"developer\", \"user\" or \"assistant\"");
  }
  const Json* calls = fields.find("tool_calls");
  if (calls && !calls->empty()) return not_supported(where + ".tool_calls", "there are no tools");
  GENEPOOL_TRY(std::string content, read_content(fields, where));
  return ChatMessage{std::move(role), std::move(content)};
}

Result<std::vector<ChatMessage>> read_messages(const Fields& fields, const std::string& system_prompt) {
  const Json* given = fields.find("messages");
  if (!given || !given->is_array() || given->empty() || given->size() > kMaxMessages) {
    return fields.wrong("messages", fmt::format("an array of 1 to {} messages", kMaxMessages));
  }
  std::vector<ChatMessage> messages;
  for (std::size_t i = 0; i < given->size(); ++i) {
    GENEPOOL_TRY(ChatMessage message, read_message((*given)[i], fmt::format("messages[{}]", i)));
    messages.push_back(std::move(message));
  }
  const bool has_system = std::ranges::any_of(messages, [](const ChatMessage& m) { return m.role == "system"; });
  if (!has_system && !system_prompt.empty()) messages.insert(messages.begin(), {"system", system_prompt});
  return messages;
}

// ---- the prompt of /v1/completions: "text", ["text"], [1, 2, 3] or [[1, 2, 3]]

Result<Prompt> read_prompt(const Fields& fields) {
  const std::string wanted = "a string, an array of one string, or an array of token ids";
  const Json* given = fields.find("prompt");
  if (!given) return fields.wrong("prompt", wanted);
  if (given->is_array() && given->size() == 1 && !given->front().is_number()) given = &given->front();
  if (given->is_string()) return Prompt(given->get<std::string>());
  if (!given->is_array() || given->empty()) return fields.wrong("prompt", wanted);
  std::vector<Token> tokens;
  tokens.reserve(given->size());
  for (const Json& one : *given) {
    const bool fits = one.is_number_unsigned() && one.get<std::uint64_t>() <= INT32_MAX;
    if (!fits) return fields.wrong("prompt", wanted + (one.is_string() ? " (one prompt a request)" : ""));
    tokens.push_back(one.get<Token>());
  }
  return Prompt(std::move(tokens));
}

// ---- the rest

Result<void> read_logprobs(Dialect dialect, const Fields& fields, std::int32_t& top_logprobs) {
  std::int64_t top = -1;
  if (dialect == Dialect::kCompletions) {
    GENEPOOL_TRY_VOID(fields.integer("logprobs", 0, kMaxTopLogprobs, top));
  } else {
    bool is_wanted = false;
    GENEPOOL_TRY_VOID(fields.flag("logprobs", is_wanted));
    GENEPOOL_TRY_VOID(fields.integer("top_logprobs", 0, kMaxTopLogprobs, top));
    if (top > 0 && !is_wanted) {
      return fail_param(Code::kBadRequest, "top_logprobs", "top_logprobs needs \"logprobs\": true beside it");
    }
    top = is_wanted ? std::max<std::int64_t>(top, 0) : -1;
  }
  top_logprobs = static_cast<std::int32_t>(top);
  return {};
}

// Ollama's field: a number of seconds, or "30", "5m", "-1". 0 = leave HOT when answered. How long else is the pool's affair.
Result<void> read_keep_alive(const Fields& fields, bool& keep_hot) {
  const Json* given = fields.find("keep_alive");
  if (!given) return {};
  if (given->is_number()) {
    keep_hot = given->get<double>() != 0;
    return {};
  }
  if (given->is_string()) {
    if (const auto span = parse_millis(given->get_ref<const std::string&>())) {
      keep_hot = *span != 0;
      return {};
    }
  }
  return fields.wrong("keep_alive", "a number of seconds or a time like \"5m\"; 0 = leave memory when answered");
}

Result<void> read_stream(const Fields& fields, OpenAiRequest& request) {
  GENEPOOL_TRY_VOID(fields.flag("stream", request.is_stream));
  const Json* options = fields.find("stream_options");
  if (!options) return {};
  if (!options->is_object()) return fields.wrong("stream_options", "an object");
  if (!request.is_stream) {
    return fail_param(Code::kBadRequest, "stream_options", "stream_options needs \"stream\": true beside it");
  }
  return Fields(*options, "stream_options.").flag("include_usage", request.include_usage);
}

// llama.cpp's field, [{"id" | "name", "scale"}]: a stack for this request alone, on top of the bare base.
Result<std::string> model_text(const Fields& fields) {
  GENEPOOL_TRY(std::string model, fields.required_text("model"));
  const Json* layers = fields.find("lora");
  if (!layers || (layers->is_array() && layers->empty())) return model;
  const std::string wanted = "an array of {\"name\", \"scale\"}, with \"model\": \"base\"";
  if (!layers->is_array() || model != "base") return fields.wrong("lora", wanted);
  for (const Json& layer : *layers) {
    if (!layer.is_object()) return fields.wrong("lora", wanted);
    const Fields entry(layer, "lora[].");
    double scale = 1;
    GENEPOOL_TRY_VOID(entry.number("scale", -static_cast<double>(kMaxWeight), kMaxWeight, scale));
    GENEPOOL_TRY(const std::string name, entry.required_text(entry.find("name") ? "name" : "id"));
    model += fmt::format("+{}:{}", name, scale);
  }
  return model;
}

// Our own field: {"genepool": {"fallback": ["base", "other"]}}, who may answer when the genome is kept out. Names only: each
// must be known before anything else happens.
Result<std::vector<ResolvedGenome>> read_fallbacks(const Fields& fields, const Resolve& resolve) {
  const Json* own = fields.find("genepool");
  if (!own) return {};
  if (!own->is_object()) return fields.wrong("genepool", "an object");
  const Fields options(*own, "genepool.");
  GENEPOOL_TRY_VOID(options.only({"fallback"}));
  const Json* names = options.find("fallback");
  if (!names) return {};
  const std::string wanted = fmt::format("an array of 1 to {} names of genomes", kMaxFallbacks);
  if (!names->is_array() || names->empty() || names->size() > kMaxFallbacks) return options.wrong("fallback", wanted);
  std::vector<ResolvedGenome> genomes;
  for (const Json& name : *names) {
    if (!name.is_string()) return options.wrong("fallback", wanted);
    auto genome = resolve(name.get_ref<const std::string&>());
    if (!genome) return fail_param(Code::kBadRequest, "genepool.fallback", "{}", genome.error().message);
    genomes.push_back(std::move(*genome));
  }
  return genomes;
}

Result<void> add_fallbacks(Dialect dialect, const Fields& fields, std::vector<ResolvedGenome> genomes, GenerateParams& params) {
  for (ResolvedGenome& genome : genomes) {
    Prompt prompt = params.prompt;
    if (dialect == Dialect::kChat) {
      GENEPOOL_TRY(prompt, read_messages(fields, genome.system_prompt));
    }
    params.fallbacks.push_back({std::move(genome), std::move(prompt)});
  }
  return {};
}

// The body on top of the genome's own defaults.
Result<Json> merged(Json body, const std::string& defaults) {
  fold_max_tokens(body);
  if (defaults.empty()) return body;
  GENEPOOL_TRY(Json result, parse_object(defaults));
  for (auto& [key, value] : body.items()) {
    if (!value.is_null()) result[key] = std::move(value);
  }
  return result;
}

}  // namespace

Result<OpenAiRequest> parse_openai(Dialect dialect, std::string_view text, const Resolve& resolve) {
  GENEPOOL_TRY(Json body, parse_object(text));
  GENEPOOL_TRY(const std::string model, model_text(Fields(body)));
  OpenAiRequest request;
  auto resolved = resolve(model);
  if (!resolved) {
    if (resolved.error().param.empty()) resolved.error().param = "model";
    return tl::unexpected(std::move(resolved.error()));
  }
  request.genome = std::move(*resolved);
  GENEPOOL_TRY(std::vector<ResolvedGenome> fallbacks, read_fallbacks(Fields(body), resolve));
  GENEPOOL_TRY(body, merged(std::move(body), request.genome.default_parameters));

  const Fields fields(body);
  GENEPOOL_TRY_VOID(refuse_unsupported(fields));
  if (dialect == Dialect::kChat) {
    GENEPOOL_TRY(request.params.prompt, read_messages(fields, request.genome.system_prompt));
  } else {
    GENEPOOL_TRY(request.params.prompt, read_prompt(fields));
    request.params.max_tokens = kLegacyMaxTokens;
  }
  GENEPOOL_TRY_VOID(read_sampling(body, request.params));
  GENEPOOL_TRY_VOID(read_logprobs(dialect, fields, request.params.sampling.top_logprobs));
  GENEPOOL_TRY_VOID(read_stream(fields, request));
  GENEPOOL_TRY_VOID(read_keep_alive(fields, request.params.keep_hot));
  GENEPOOL_TRY_VOID(fields.flag("ignore_eos", request.params.ignore_end));
  std::string user;
  GENEPOOL_TRY_VOID(fields.text("user", user));
  GENEPOOL_TRY_VOID(add_fallbacks(dialect, fields, std::move(fallbacks), request.params));
  if (!user.empty()) request.params.user = user_number(user);
  return request;
}

}  // namespace genepool::api

// The bodies of /v1/chat/completions and /v1/completions, read strictly: what is wrong is refused by the field's name,
// what would change the answer and is not supported too; fields that nobody knows are ignored, as OpenAI's servers do.
// Thread: any. Not here: JSON types (json.h), the answer (openai_answer.h).
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "runtime/runtime.h"

namespace genepool::api {

enum class Dialect { kChat, kCompletions };

struct OpenAiRequest {
  ResolvedGenome genome;
  GenerateParams params;
  bool is_stream = false;
  bool include_usage = false;
};

// What the `model` field stands for: Runtime::resolve.
using Resolve = std::function<Result<ResolvedGenome>(std::string_view model)>;

// The genome's default parameters apply where the body is silent; its system prompt goes first when the messages have none.
// A fallback is asked with its own system prompt and with the parameters of the genome asked for.
// kBadRequest with `param`, and what `resolve` fails with.
[[nodiscard]] Result<OpenAiRequest> parse_openai(Dialect dialect, std::string_view body, const Resolve& resolve);

// Default parameters of a genome, as its creator wrote them: the same names and bounds, and nothing else. Returns them as
// compact JSON, "" for none.
[[nodiscard]] Result<std::string> check_parameters(std::string_view json_object);

}  // namespace genepool::api

// Golden prompts: requests with properties that their answers must have, kept with a genome's name (docs/adr/0009). Their JSON
// form is docs/reference/admin-api.md's. Thread: values, pure. Not here: who asks them and what hangs on it (golden_check.h).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/json.h"
#include "api/openai_request.h"

namespace genepool::api {

struct GoldenPrompt {  // NOLINT(bugprone-exception-escape): its destructor is Json's, which is noexcept
  std::string shown;  // its last message, for people
  Json request;       // a chat body, without a model
  Json expected;      // property -> what it asks for
};

inline constexpr std::size_t kMaxGoldenPrompts = 64;
inline constexpr std::uint32_t kMaxGoldenTokens = 4096;  // of all answers together

// An array of prompts, strictly: a property or parameter that nobody knows would guard nothing. kBadRequest names the prompt.
[[nodiscard]] Result<std::vector<GoldenPrompt>> read_golden(const Json& prompts);

// The same for text, an array or {"prompts": array}; its form in the catalog, "" for no prompts.
[[nodiscard]] Result<std::string> check_golden(std::string_view json);

// What is to be asked of `genome`: with its own system prompt and parameters where the prompt is silent.
[[nodiscard]] Result<GenerateParams> request_of(const GoldenPrompt& prompt, const ResolvedGenome& genome);

// The properties that `answer` lacks, each as a sentence's end: `does not contain "arr"`. Empty: it has all.
[[nodiscard]] std::vector<std::string> failures_of(const GoldenPrompt& prompt, const std::string& answer);

}  // namespace genepool::api

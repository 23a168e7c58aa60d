// Any text as the body of a chat or a completion request, and as a genome's default parameters.
#include "api/openai_request.h"
#include "fuzz/targets.h"

namespace genepool::fuzz {
namespace {

// Every model is there, with a persona whose defaults are to be merged into the request.
Result<ResolvedGenome> resolve(std::string_view model) {
  ResolvedGenome genome;
  genome.name = std::string(model);
  genome.system_prompt = "You are a captain.";
  genome.default_parameters = R"({"temperature":0.5,"max_tokens":7,"stop":["x"]})";
  return genome;
}

}  // namespace

int fuzz_chat_body(std::span<const std::byte> bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  (void)api::parse_openai(api::Dialect::kChat, text, resolve);
  (void)api::parse_openai(api::Dialect::kCompletions, text, resolve);
  if (const auto compact = api::check_parameters(text); compact && !compact->empty()) {
    const auto again = api::check_parameters(*compact);
    GENEPOOL_CHECK(again.has_value() && *again == *compact, "{}", *compact);
  }
  return 0;
}

}  // namespace genepool::fuzz

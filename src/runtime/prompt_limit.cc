#include "runtime/prompt_limit.h"

namespace genepool {

Result<void> check_prompt_size(const Prompt& prompt, const EngineInfo& engine) {
  if (engine.context_size == 0) return {};
  if (const auto* tokens = std::get_if<std::vector<Token>>(&prompt)) {
    if (tokens->size() <= engine.context_size) return {};
    return fail_param(Code::kBadRequest, "prompt", "the prompt has {} tokens and the context holds {}: shorten it or raise engine.ctx",
                      tokens->size(), engine.context_size);
  }
  std::uint64_t bytes = 0;
  const auto* messages = std::get_if<std::vector<ChatMessage>>(&prompt);
  if (messages != nullptr) {
    for (const ChatMessage& message : *messages) bytes += message.content.size();
  } else {
    bytes = std::get<std::string>(prompt).size();
  }
  const std::uint64_t most = std::uint64_t{engine.context_size} * engine.longest_token;
  if (engine.longest_token == 0 || bytes <= most) return {};
  return fail_param(Code::kBadRequest, messages != nullptr ? "messages" : "prompt",
                    "the prompt has {} bytes, more than the {} tokens of the context can stand for: shorten it or raise engine.ctx",
                    bytes, engine.context_size);
}

}  // namespace genepool

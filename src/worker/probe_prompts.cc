#include "worker/probe_prompts.h"

namespace genepool {

Result<std::vector<Token>> probe_tokens(Engine& engine, const std::string& prompt) {
  if (auto chat = engine.tokenize(std::vector<ChatMessage>{{"user", prompt}})) return chat;
  if (auto text = engine.tokenize(prompt)) return text;
  std::vector<Token> first(1 + prompt.size() % 8);
  for (std::size_t i = 0; i < first.size(); ++i) first[i] = static_cast<Token>(i);
  return engine.tokenize(first);
}

}  // namespace genepool

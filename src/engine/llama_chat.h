// Chat messages to prompt text by the base's own template, through llama-common's jinja. Made in the zygote: parsing a
// template takes longer than using it. Thread: the process's only one.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "engine/engine.h"

struct llama_model;

namespace genepool {

class ChatTemplate {
 public:
  ChatTemplate();
  ~ChatTemplate();
  ChatTemplate(ChatTemplate&&) noexcept;
  ChatTemplate& operator=(ChatTemplate&&) noexcept;

  // A base without a template gets ChatML, as in llama-server. kBadRequest when its template does not parse.
  [[nodiscard]] static Result<ChatTemplate> of(const llama_model* model);

  // The prompt, ending where the assistant's words begin. It has no BOS when the tokenizer will add one.
  // kBadRequest (param "messages") with the template's own words when it refuses them.
  [[nodiscard]] Result<std::string> render(const std::vector<ChatMessage>& messages) const;

 private:
  struct Parsed;
  std::unique_ptr<Parsed> parsed_;
};

}  // namespace genepool

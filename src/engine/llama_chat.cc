// Runs in the zygote and in workers.
#include "engine/llama_chat.h"

#include <chat.h>
#include <log.h>

#include <exception>
#include <utility>

namespace genepool {

struct ChatTemplate::Parsed {
  common_chat_templates_ptr templates;
};

ChatTemplate::ChatTemplate() = default;
ChatTemplate::~ChatTemplate() = default;
ChatTemplate::ChatTemplate(ChatTemplate&&) noexcept = default;
ChatTemplate& ChatTemplate::operator=(ChatTemplate&&) noexcept = default;

Result<ChatTemplate> ChatTemplate::of(const llama_model* model) {
  // The first line that llama-common logs starts a thread, and a zygote must not have a second one.
  common_log_set_verbosity_thold(-1);
  ChatTemplate result;
  result.parsed_ = std::make_unique<Parsed>();
  try {
    result.parsed_->templates = common_chat_templates_init(model, "");
  } catch (const std::exception& e) {
    return fail(Code::kBadRequest, "the base's chat template cannot be used: {}", e.what());
  }
  return result;
}

Result<std::string> ChatTemplate::render(const std::vector<ChatMessage>& messages) const {
  common_chat_templates_inputs inputs;
  inputs.force_pure_content = true;  // else each call derives a parser for tool calls, which we do not read
  for (const ChatMessage& message : messages) {
    common_chat_msg converted;
    converted.role = message.role;
    converted.content = message.content;
    inputs.messages.push_back(std::move(converted));
  }
  try {
    return common_chat_templates_apply(parsed_->templates.get(), inputs).prompt;
  } catch (const std::exception& e) {
    return fail_param(Code::kBadRequest, "messages", "the base's chat template refuses them: {}", e.what());
  }
}

}  // namespace genepool

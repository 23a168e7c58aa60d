// The prompts that layers and prepared bases are tried out with. Thread: any.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "engine/engine.h"

namespace genepool {

// A question, a request, a wish and small talk: what a layer is usually trained to answer differently.
inline constexpr std::array kProbePrompts = {"What is the capital of France?", "Write one line about the sea.",
                                             "Give me three fruits.", "Hello! How are you today?"};

// A base without a chat template takes plain text, one without a tokenizer the first tokens of its vocabulary.
[[nodiscard]] Result<std::vector<Token>> probe_tokens(Engine& engine, const std::string& prompt);

}  // namespace genepool

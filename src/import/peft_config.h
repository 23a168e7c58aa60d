// adapter_config.json of a PEFT LoRA (huggingface/peft, LoraConfig): what decides the scale, and what we must refuse.
// Thread: values.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "import/name_pattern.h"

namespace re2 {
class RE2;
}

namespace genepool {

struct PeftConfig {
  double rank = 0, alpha = 0;
  bool use_rslora = false;
  // In the file's order: the first that fits a module counts, as in PEFT.
  using Pattern = std::vector<std::pair<NamePattern, double>>;
  Pattern rank_pattern, alpha_pattern;
  std::string base_name;
  // target_modules and layers_to_transform where they are lists; none: the file says it in another way.
  std::optional<std::set<std::string, std::less<>>> targets;
  std::shared_ptr<const re2::RE2> target_expression;  // target_modules as an expression that RE2 reads, else null
  std::optional<std::set<std::uint64_t>> blocks;

  // alpha / r of a module, or alpha / sqrt(r): PEFT's own rule. `module` is the dotted name without "base_model.model.".
  [[nodiscard]] double scale_of(const std::string& module, std::uint64_t tensor_rank) const;
  // The rank that the configuration promises the module.
  [[nodiscard]] double rank_of(const std::string& module) const;
  // Would PEFT put an adapter on this module (of this block)? If not it ignores the module's tensors, and we must not use them.
  [[nodiscard]] bool adapts(const std::string& module, std::optional<std::uint64_t> block) const;
};

// kLayerRejected: not LoRA, DoRA, modules_to_save, bias, aLoRA, lora_alpha 0 ..., each with its reason.
[[nodiscard]] Result<PeftConfig> read_peft_config(const std::string& path);

}  // namespace genepool

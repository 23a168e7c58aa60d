// adapter_config.json of a PEFT LoRA (huggingface/peft, LoraConfig): what decides the scale, and what we must refuse.
// Thread: values.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"

namespace genepool {

struct PeftConfig {
  double rank = 0, alpha = 0;
  bool use_rslora = false;
  // Module name (or its end after a dot) -> value, in the file's order: the first that fits counts, as in PEFT.
  using Pattern = std::vector<std::pair<std::string, double>>;
  Pattern rank_pattern, alpha_pattern;
  std::string base_name;

  // alpha / r of a module, or alpha / sqrt(r): PEFT's own rule. `module` is the dotted name without "base_model.model.".
  [[nodiscard]] double scale_of(const std::string& module, std::uint64_t tensor_rank) const;
  // The rank that the configuration promises the module.
  [[nodiscard]] double rank_of(const std::string& module) const;
};

// kLayerRejected: not LoRA, DoRA, modules_to_save, bias, aLoRA, lora_alpha 0 ..., each with its reason.
[[nodiscard]] Result<PeftConfig> read_peft_config(const std::string& path);

}  // namespace genepool

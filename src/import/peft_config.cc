#include "import/peft_config.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "import/source_file.h"

namespace genepool {
namespace {

using Json = nlohmann::ordered_json;  // patterns are read in the file's order

constexpr std::uint64_t kMaxConfig = 1 << 20;
constexpr std::size_t kMaxPatterns = 4096;
constexpr std::size_t kMaxKeys = 10'000;  // an ordered table is searched key by key: a million would take minutes
constexpr int kMaxDepth = 8;

bool is_set(const Json& config, const char* key) {
  const auto found = config.find(key);
  if (found == config.end() || found->is_null()) return false;
  if (found->is_boolean()) return found->get<bool>();
  return !(found->is_array() || found->is_object()) || !found->empty();
}

struct Refusal {
  const char* key;
  const char* why;
};

// What changes the result and is not a plain low-rank sum.
constexpr Refusal kRefused[] = {
    {"use_dora", "DoRA rescales the base's weights: not a sum of low-rank matrices; train a plain LoRA"},
    {"modules_to_save", "whole modules are replaced, which a layer cannot do; train without modules_to_save"},
    {"trainable_token_indices", "it changes single token embeddings, which a layer cannot do"},
    {"alora_invocation_tokens", "activated LoRA is not supported: as a plain one it would answer differently"},
    {"layer_replication", "blocks are replicated, which changes the base"},
    {"megatron_config", "Megatron modules are not supported"},
    {"use_qalora", "QA-LoRA pools its inputs: not a plain LoRA"},
    {"lora_bias", "trained biases are not supported"},
    {"target_parameters", "it adapts parameters that are no modules"},
    {"fan_in_fan_out", "transposed weights are not supported"},
};

Result<double> positive(const Json& config, const char* key, const std::string& file) {
  const auto found = config.find(key);
  if (found == config.end() || !found->is_number()) return reject_source(file, "{} is no number", key);
  const double value = found->get<double>();
  if (!std::isfinite(value) || value <= 0) return reject_source(file, "{} is {}: it must be above 0", key, value);
  return value;
}

Result<PeftConfig::Pattern> pattern(const Json& config, const char* key, const std::string& file) {
  PeftConfig::Pattern values;
  const auto found = config.find(key);
  if (found == config.end() || found->is_null()) return values;
  if (!found->is_object() || found->size() > kMaxPatterns) return reject_source(file, "{} is no table of modules", key);
  for (const auto& [module, value] : found->items()) {
    // PEFT reads these as regular expressions; plain dotted names are what its own tools write.
    if (module.find_first_of("*+?()[]{}|^$\\") != std::string::npos) {
      return reject_source(file, "{} has the regular expression \"{}\": write the module names out", key, module);
    }
    if (!value.is_number() || !std::isfinite(value.get<double>()) || value.get<double>() <= 0) {
      return reject_source(file, "{} of {} must be a number above 0", key, module);
    }
    values.emplace_back(module, value.get<double>());
  }
  return values;
}

double lookup(const PeftConfig::Pattern& pattern, const std::string& module, double otherwise) {
  for (const auto& [key, value] : pattern) {
    if (module == key || module.ends_with("." + key)) return value;
  }
  return otherwise;
}

Result<Json> parse_file(const std::string& path) {
  GENEPOOL_TRY(const Mapping file, map_source(path, kMaxConfig));
  const auto* text = reinterpret_cast<const char*>(file.bytes().data());
  bool is_deep = false;
  std::size_t keys = 0;
  Json config = Json::parse(
      text, text + file.bytes().size(),
      [&](int depth, Json::parse_event_t event, Json&) {
        is_deep = is_deep || depth > kMaxDepth;
        keys += event == Json::parse_event_t::key ? 1 : 0;
        return !is_deep && keys <= kMaxKeys;
      },
      false);
  if (keys > kMaxKeys) return reject_source(path, "more than {} keys", kMaxKeys);
  // The parser takes a NUL for the end of its text, whatever follows.
  const bool has_nul = std::ranges::find(file.bytes(), std::byte{0}) != file.bytes().end();
  if (is_deep || has_nul || !config.is_object()) return reject_source(path, "not a JSON object");
  return config;
}

}  // namespace

double PeftConfig::rank_of(const std::string& module) const { return lookup(rank_pattern, module, rank); }

double PeftConfig::scale_of(const std::string& module, std::uint64_t tensor_rank) const {
  const auto r = static_cast<double>(tensor_rank);
  return lookup(alpha_pattern, module, alpha) / (use_rslora ? std::sqrt(r) : r);
}

Result<PeftConfig> read_peft_config(const std::string& path) {
  GENEPOOL_TRY(const Json json, parse_file(path));
  const auto text = [&](const char* key) {
    const auto found = json.find(key);
    return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  if (text("peft_type") != "LORA") return reject_source(path, "peft_type is \"{}\": only LORA is a layer", text("peft_type"));
  for (const Refusal& refusal : kRefused) {
    if (is_set(json, refusal.key)) return reject_source(path, "{} is set: {}", refusal.key, refusal.why);
  }
  if (const std::string bias = text("bias"); !bias.empty() && bias != "none") {
    return reject_source(path, "bias is \"{}\": trained biases are not supported", bias);
  }
  // These start from a changed base, which a layer on the unchanged one would miss.
  if (const std::string init = text("init_lora_weights"); !init.empty() && init != "gaussian" && init != "eva" && init != "orthogonal") {
    return reject_source(path, "init_lora_weights is \"{}\": it changes the base's own weights; convert it to a plain LoRA first", init);
  }
  if (const auto found = json.find("use_rslora"); found != json.end() && !found->is_boolean() && !found->is_null()) {
    return reject_source(path, "use_rslora is neither true nor false");
  }
  PeftConfig config;
  GENEPOOL_TRY(config.rank, positive(json, "r", path));
  GENEPOOL_TRY(config.alpha, positive(json, "lora_alpha", path));
  GENEPOOL_TRY(config.rank_pattern, pattern(json, "rank_pattern", path));
  GENEPOOL_TRY(config.alpha_pattern, pattern(json, "alpha_pattern", path));
  config.use_rslora = is_set(json, "use_rslora");
  config.base_name = text("base_model_name_or_path");
  return config;
}

}  // namespace genepool

#include "import/peft_config.h"

#include <re2/re2.h>

#include <cmath>

#include "import/strict_json.h"

namespace genepool {
namespace {

using Json = nlohmann::ordered_json;  // patterns are read in the file's order

constexpr std::uint64_t kMaxConfig = 1 << 20;
constexpr std::size_t kMaxPatterns = 4096, kMaxSlowPatterns = 64;
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
    {"ensure_weight_tying", "it adapts embeddings and output as one matrix, which a layer cannot do"},
    {"arrow_config", "Arrow routes each token to other adapters: not a plain LoRA"},
    {"kasa_config", "KaSA puts singular values between the two matrices and cuts the base's own: not a plain LoRA"},
    {"monteclora_config", "MonteCLoRA samples its matrices: not a plain LoRA"},
    {"use_bdlora", "BD-LoRA stores blocks of its matrices: not a plain LoRA"},
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
  std::size_t slow = 0;
  for (const auto& [module, value] : found->items()) {
    auto parsed = NamePattern::parse(module);
    if (!parsed) return reject_source(file, "{}: {}", key, parsed.error().message);
    if (parsed->has_quantifier() && ++slow > kMaxSlowPatterns) {
      return reject_source(file, "{} has more than {} regular expressions: write the module names out", key, kMaxSlowPatterns);
    }
    if (!value.is_number() || !std::isfinite(value.get<double>()) || value.get<double>() <= 0) {
      return reject_source(file, "{} of {} must be a number above 0", key, module);
    }
    values.emplace_back(std::move(*parsed), value.get<double>());
  }
  return values;
}

double lookup(const PeftConfig::Pattern& pattern, const std::string& module, double otherwise) {
  for (const auto& [key, value] : pattern) {
    if (key.fits(module)) return value;
  }
  return otherwise;
}

std::optional<std::set<std::string, std::less<>>> names(const Json& config, const char* key) {
  const auto found = config.find(key);
  if (found == config.end() || !found->is_array()) return {};
  std::set<std::string, std::less<>> all;
  for (const Json& name : *found) {
    if (!name.is_string()) return {};
    all.insert(name.get<std::string>());
  }
  return all;
}

// PEFT hands the text to Python's re. RE2 means the same where it takes it, in linear time; what it does not take (look-ahead,
// back-references) stays unread.
std::shared_ptr<const re2::RE2> expression(const Json& config, const char* key) {
  const auto found = config.find(key);
  if (found == config.end() || !found->is_string() || *found == "all-linear") return nullptr;  // the latter is PEFT's own word
  re2::RE2::Options options;
  options.set_max_mem(1 << 20);
  options.set_log_errors(false);
  auto parsed = std::make_shared<const re2::RE2>(found->get_ref<const std::string&>(), options);
  return parsed->ok() ? parsed : nullptr;
}

// An empty list means every block, as in PEFT. With a layers_pattern of its own, what counts as a block's number is not ours.
std::optional<std::set<std::uint64_t>> blocks(const Json& config) {
  const auto found = config.find("layers_to_transform");
  if (found == config.end() || is_set(config, "layers_pattern")) return {};
  if (found->is_number_unsigned()) return std::set{found->get<std::uint64_t>()};
  if (!found->is_array() || found->empty()) return {};
  std::set<std::uint64_t> all;
  for (const Json& number : *found) {
    if (!number.is_number_unsigned()) return {};
    all.insert(number.get<std::uint64_t>());
  }
  return all;
}

}  // namespace

bool PeftConfig::adapts(const std::string& module, std::optional<std::uint64_t> block) const {
  if (target_expression) return re2::RE2::FullMatch(module, *target_expression);
  if (!targets || targets->contains(module)) return true;
  if (blocks && (!block || !blocks->contains(*block))) return false;
  for (std::size_t dot = module.find('.'); dot != std::string::npos; dot = module.find('.', dot + 1)) {
    if (targets->contains(std::string_view(module).substr(dot + 1))) return true;
  }
  return false;
}

double PeftConfig::rank_of(const std::string& module) const { return lookup(rank_pattern, module, rank); }

double PeftConfig::scale_of(const std::string& module, std::uint64_t tensor_rank) const {
  const auto r = static_cast<double>(tensor_rank);
  return lookup(alpha_pattern, module, alpha) / (use_rslora ? std::sqrt(r) : r);
}

Result<PeftConfig> read_peft_config(const std::string& path) {
  GENEPOOL_TRY(const Json json, read_json_object(path, kMaxConfig, kMaxDepth));
  const auto text = [&](const char* key) {
    const auto found = json.find(key);
    return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  if (!json.contains("peft_type")) return reject_source(path, "it has no peft_type: is it the adapter_config.json of a LoRA?");
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
  config.targets = names(json, "target_modules");
  config.target_expression = expression(json, "target_modules");
  config.blocks = blocks(json);
  return config;
}

}  // namespace genepool

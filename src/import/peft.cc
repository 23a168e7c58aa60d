#include "import/peft.h"

#include <array>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <map>
#include <optional>

#include "import/peft_config.h"
#include "import/safetensors.h"
#include "import/import.h"
#include "import/source_file.h"

namespace genepool {
namespace {

struct Module {
  std::string_view peft, gguf;
};
constexpr std::array kModules = {
    Module{"self_attn.q_proj", "attn_q"}, Module{"self_attn.k_proj", "attn_k"},  Module{"self_attn.v_proj", "attn_v"},
    Module{"self_attn.o_proj", "attn_output"}, Module{"mlp.gate_proj", "ffn_gate"}, Module{"mlp.up_proj", "ffn_up"},
    Module{"mlp.down_proj", "ffn_down"},
};

struct Halves {
  const SafeTensor* a = nullptr;
  const SafeTensor* b = nullptr;
  std::string module;  // "model.layers.0.self_attn.q_proj"
};

bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

bool take_suffix(std::string_view& text, std::string_view suffix) {
  if (!text.ends_with(suffix)) return false;
  text.remove_suffix(suffix.size());
  return true;
}

// "model.layers.3.self_attn.q_proj" -> "blk.3.attn_q.weight"; none when the module is not one that a layer may touch.
std::optional<std::string> base_tensor_of(std::string_view module) {
  if (!take_prefix(module, "model.layers.")) return {};
  std::uint64_t block = 0;
  if (module.starts_with("0") && !module.starts_with("0.")) return {};  // "00" would be the same block twice
  const auto [end, error] = std::from_chars(module.data(), module.data() + module.size(), block);
  if (error != std::errc() || end == module.data() + module.size() || *end != '.') return {};
  module.remove_prefix(static_cast<std::size_t>(end - module.data()) + 1);
  for (const Module& known : kModules) {
    if (module == known.peft) return fmt::format("blk.{}.{}.weight", block, known.gguf);
  }
  return {};
}

// Sorts the file's tensors into pairs by base tensor; refuses by name what is no plain LoRA of a known module.
Result<std::map<std::string, Halves>> pair_up(const SafetensorsView& view, const std::string& file) {
  std::map<std::string, Halves> pairs;
  for (const auto& [name, tensor] : view.tensors()) {
    std::string_view rest = name;
    if (!take_prefix(rest, "base_model.model.")) return reject_source(file, "tensor {} does not begin with base_model.model.", name);
    if (rest.ends_with(".base_layer.weight")) continue;  // a copy of the base's own weight
    if (rest.find("lora_magnitude_vector") != std::string_view::npos) return reject_source(file, "tensor {} belongs to DoRA", name);
    if (rest.find("lora_embedding_") != std::string_view::npos || rest.find("lm_head") != std::string_view::npos) {
      return reject_source(file, "tensor {}: layers on embeddings and lm_head are not supported yet", name);
    }
    const bool is_a = take_suffix(rest, ".lora_A.weight");
    const bool is_b = !is_a && take_suffix(rest, ".lora_B.weight");
    if (!is_a && !is_b) return reject_source(file, "tensor {} is neither lora_A.weight nor lora_B.weight", name);
    const auto base_tensor = base_tensor_of(rest);
    if (!base_tensor) return reject_source(file, "tensor {}: module {} is unknown", name, rest);
    Halves& halves = pairs[*base_tensor];
    halves.module = std::string(rest);
    (is_a ? halves.a : halves.b) = &tensor;
  }
  for (const auto& [base_tensor, halves] : pairs) {
    if (!halves.a || !halves.b) return reject_source(file, "{} has no {}", halves.module, halves.a ? "lora_B" : "lora_A");
  }
  if (pairs.empty()) return reject_source(file, "it has no LoRA tensors");
  return pairs;
}

bool is_permuted(std::string_view base_tensor) {
  return base_tensor.ends_with("attn_q.weight") || base_tensor.ends_with("attn_k.weight");
}

Result<LayerPairData> convert(const std::string& base_tensor, const Halves& halves, const PeftConfig& config, const BaseModel& base,
                              const std::string& file) {
  const auto linear = base.linears.find(base_tensor);
  if (linear == base.linears.end()) return reject_source(file, "{}: the base has no {}", halves.module, base_tensor);
  const auto [in, out] = linear->second;
  const auto& a = halves.a->shape;
  const auto& b = halves.b->shape;
  if (a.size() != 2 || b.size() != 2) return reject_source(file, "{} is not two matrices", halves.module);
  if (a[1] != in || b[0] != out || a[0] != b[1]) {
    return reject_source(file, "{}: A is {}x{} and B {}x{}; base tensor {} wants A rx{} and B {}xr: it was made for another base",
                         halves.module, a[0], a[1], b[0], b[1], base_tensor, in, out);
  }
  if (static_cast<double>(a[0]) != config.rank_of(halves.module)) {
    return reject_source(file, "{} has rank {}, adapter_config.json says {}", halves.module, a[0], config.rank_of(halves.module));
  }
  LayerPairData pair{base_tensor, halves.a->type, halves.b->type, in, a[0], out, {}, {}, 1.0F};
  pair.a.assign(halves.a->data.begin(), halves.a->data.end());
  pair.b.assign(halves.b->data.begin(), halves.b->data.end());
  pair.scale = static_cast<float>(config.scale_of(halves.module, pair.rank));
  if (is_permuted(base_tensor)) {
    const std::uint64_t heads = base_tensor.ends_with("attn_q.weight") ? base.head_count : base.head_count_kv;
    if (heads == 0 || out % (2 * heads) != 0) {
      return reject_source(file, "{}: {} rows do not divide into {} heads of even size", base_tensor, out, heads);
    }
    permute_rows(pair.b, pair.b.size() / out, out, heads);
  }
  return pair;
}

}  // namespace

void permute_rows(std::span<std::byte> rows, std::uint64_t row_bytes, std::uint64_t row_count, std::uint64_t heads) {
  const std::uint64_t d = row_count / heads;
  const std::vector<std::byte> from(rows.begin(), rows.end());
  for (std::uint64_t head = 0; head < heads; ++head) {
    for (std::uint64_t j = 0; j < d / 2; ++j) {
      for (std::uint64_t p = 0; p < 2; ++p) {
        std::memcpy(rows.data() + (head * d + 2 * j + p) * row_bytes, from.data() + (head * d + p * (d / 2) + j) * row_bytes, row_bytes);
      }
    }
  }
}

Result<SourceLayer> read_peft(const std::string& folder, const BaseModel& base) {
  if (base.architecture != "llama") {
    return reject_source(folder, "PEFT layers for architecture {} are not supported yet; convert it to a GGUF adapter", base.architecture);
  }
  const auto inside = [&](const char* name) { return (std::filesystem::path(folder) / name).string(); };
  const std::string file = inside("adapter_model.safetensors");
  std::error_code error;  // a link loop is one: map_source says what it is
  if (!std::filesystem::exists(file, error) && std::filesystem::exists(inside("adapter_model.bin"), error)) {
    return reject_source(folder, "adapter_model.bin is a pickle, which can run code and is never opened: save it as safetensors");
  }
  GENEPOOL_TRY(const PeftConfig config, read_peft_config(inside("adapter_config.json")));
  GENEPOOL_TRY(const Mapping mapping, map_source(file, kMaxSourceBytes));
  GENEPOOL_TRY(const SafetensorsView view, SafetensorsView::parse(mapping.bytes(), file));
  GENEPOOL_TRY(const auto pairs, pair_up(view, file));

  SourceLayer layer{{}, sha256(mapping.bytes()), "peft", config.base_name};
  for (const auto& [base_tensor, halves] : pairs) {
    GENEPOOL_TRY(LayerPairData pair, convert(base_tensor, halves, config, base, file));
    layer.pairs.push_back(std::move(pair));
  }
  return layer;
}

}  // namespace genepool

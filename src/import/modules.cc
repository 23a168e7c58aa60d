#include "import/modules.h"

#include <algorithm>
#include <charconv>
#include <span>

#include "genome/layer_file.h"

namespace genepool {
namespace {

// ---- the table

enum class Part { kWhole, kQ, kK, kV };  // kQ, kK, kV: a base may also hold the three as one attn_qkv, in this order

struct Module {
  std::string_view peft;  // below "model.layers.N."
  std::string_view gguf;  // below "blk.N."
  Part part = Part::kWhole;
};
constexpr Module kSeparate[] = {
    {"self_attn.q_proj", "attn_q", Part::kQ}, {"self_attn.k_proj", "attn_k", Part::kK}, {"self_attn.v_proj", "attn_v", Part::kV},
    {"self_attn.o_proj", "attn_output"},      {"mlp.gate_proj", "ffn_gate"},            {"mlp.up_proj", "ffn_up"},
    {"mlp.down_proj", "ffn_down"},
};
constexpr Module kFused[] = {
    {"self_attn.qkv_proj", "attn_qkv"}, {"self_attn.o_proj", "attn_output"},
    {"mlp.gate_up_proj", "ffn_up"},     {"mlp.down_proj", "ffn_down"},
};

struct Architecture {
  std::string_view name;
  std::span<const Module> modules;
  bool permutes_qk;         // its GGUF keeps the rows of q and k for an interleaved rotation
  std::string_view no_embedding;  // why embed_tokens is refused, "" = it is not
};
constexpr Architecture kArchitectures[] = {
    {"llama", kSeparate, true, ""},
    {"qwen2", kSeparate, false, ""},
    {"qwen3", kSeparate, false, ""},
    {"gemma3", kSeparate, false, "peft once left out the factor by which gemma3 scales its embeddings, and the file does not say which"},
    {"phi3", kFused, false, ""},
};

// What the engine multiplies through its one function that knows of adapters (llama.cpp, build_lora_mm). On any other matrix a
// layer would load and do nothing.
constexpr std::string_view kMultiplied[] = {"attn_q",   "attn_k", "attn_v",   "attn_qkv", "attn_output",
                                            "ffn_gate", "ffn_up", "ffn_down", "output"};

// ---- reading it

const Architecture* architecture_of(const BaseModel& base) {
  const auto* found = std::ranges::find(kArchitectures, base.architecture, &Architecture::name);
  return found == std::end(kArchitectures) ? nullptr : found;
}

bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

// "layers.3.self_attn.q_proj" -> 3 and "self_attn.q_proj". A number has one spelling: "03" would be the same block twice.
std::optional<std::uint64_t> take_block(std::string_view& text) {
  if (!take_prefix(text, "layers.")) return {};
  std::uint64_t block = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), block);
  const auto digits = static_cast<std::size_t>(end - text.data());
  if (error != std::errc() || (text[0] == '0' && digits > 1) || !text.substr(digits).starts_with('.')) return {};
  text.remove_prefix(digits + 1);
  return block;
}

auto reject(std::string_view why) { return fail(Code::kLayerRejected, "{}", why); }

Result<ModulePlace> whole(std::string base_tensor, std::optional<std::uint64_t> block, const BaseModel& base) {
  GENEPOOL_TRY(const TensorShape shape, adapted_shape(base_tensor, base));
  return ModulePlace{std::move(base_tensor), block, shape.in, shape.out, 0, shape.out, 0};
}

// The rows of q, k or v in a matrix that holds all three. Heads have one width in every architecture of the table.
Result<ModulePlace> part_of_qkv(Part part, std::uint64_t block, const BaseModel& base) {
  GENEPOOL_TRY(ModulePlace place, whole(fmt::format("blk.{}.attn_qkv.weight", block), block, base));
  const std::uint64_t heads = base.head_count + 2 * base.head_count_kv;
  if (heads == 0 || place.rows % heads != 0) {
    return reject(fmt::format("the {} rows of {} do not divide into {} heads", place.rows, place.base_tensor, heads));
  }
  const std::uint64_t width = place.rows / heads;
  const std::uint64_t first_head = part == Part::kQ ? 0 : part == Part::kK ? base.head_count : base.head_count + base.head_count_kv;
  place.first_row = first_head * width;
  place.out = (part == Part::kQ ? base.head_count : base.head_count_kv) * width;
  return place;
}

}  // namespace

Result<void> check_peft_architecture(const BaseModel& base) {
  if (architecture_of(base)) return {};
  std::string known;
  for (const Architecture& one : kArchitectures) known += (known.empty() ? "" : ", ") + std::string(one.name);
  return reject(fmt::format("PEFT layers for {} bases are not supported, only for {}; convert it to a GGUF adapter", base.architecture, known));
}

Result<ModulePlace> place_of(std::string_view module, const BaseModel& base) {
  const Architecture& architecture = *architecture_of(base);
  // Models with a vision tower keep the text model one level deeper; which side of "model." changed between versions.
  std::string_view rest = module;
  (void)take_prefix(rest, "language_model.");
  if (rest == "lm_head") return whole("output.weight", {}, base);
  const bool is_inside = take_prefix(rest, "model.");
  (void)take_prefix(rest, "language_model.");
  if (is_inside && rest == "embed_tokens") {
    GENEPOOL_TRY(ModulePlace place, whole("token_embd.weight", {}, base));
    if (!architecture.no_embedding.empty()) return reject(architecture.no_embedding);
    return place;
  }
  const auto block = is_inside ? take_block(rest) : std::nullopt;
  const auto found = std::ranges::find(architecture.modules, rest, &Module::peft);
  if (!block || found == architecture.modules.end()) {
    return reject(fmt::format("{} is no module of a {} base that a layer can change", module, base.architecture));
  }
  std::string base_tensor = fmt::format("blk.{}.{}.weight", *block, found->gguf);
  const bool is_joined = found->part != Part::kWhole && !base.linears.contains(base_tensor) &&
                         base.linears.contains(fmt::format("blk.{}.attn_qkv.weight", *block));
  GENEPOOL_TRY(ModulePlace place, is_joined ? part_of_qkv(found->part, *block, base) : whole(std::move(base_tensor), block, base));
  if (!architecture.permutes_qk || (found->part != Part::kQ && found->part != Part::kK)) return place;
  place.permuted_heads = found->part == Part::kQ ? base.head_count : base.head_count_kv;
  if (place.permuted_heads == 0 || place.out % (2 * place.permuted_heads) != 0) {
    return reject(fmt::format("{}: {} rows do not divide into {} heads of even size", module, place.out, place.permuted_heads));
  }
  return place;
}

Result<TensorShape> adapted_shape(const std::string& base_tensor, const BaseModel& base) {
  const bool is_lookup = layout_of(base_tensor) == PairLayout::kLookup;
  if ((is_lookup || base_tensor == "output.weight") && !base.has_output) {
    return reject("the base's embeddings and output are one tied matrix, which no layer can change");
  }
  const auto linear = base.linears.find(base_tensor);
  if (linear == base.linears.end()) return reject(fmt::format("the base has no {}", base_tensor));
  const std::string_view kind = [&] {
    std::string_view name = base_tensor;
    name.remove_suffix(std::string_view(".weight").size());  // every name in `linears` has it
    return name.substr(name.rfind('.') + 1);
  }();
  if (!is_lookup && std::ranges::find(kMultiplied, kind) == std::end(kMultiplied)) {
    return reject(fmt::format("the engine applies no layer to {}", base_tensor));
  }
  const auto [columns, rows] = linear->second;
  return is_lookup ? TensorShape{rows, columns} : TensorShape{columns, rows};
}

}  // namespace genepool

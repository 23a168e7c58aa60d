#include "import/gguf_lora.h"

#include <cmath>
#include <map>
#include <optional>

#include "import/import.h"
#include "import/modules.h"
#include "import/source_file.h"

namespace genepool {
namespace {

struct Halves {
  const GgufTensor* a = nullptr;
  const GgufTensor* b = nullptr;
};

Result<void> expect_text(const GgufView& view, std::string_view key, std::string_view wanted, const std::string& file) {
  auto found = view.text(key);
  if (!found) return reject_source(file, "{}", found.error().message);
  if (*found != wanted) return reject_source(file, "{} is \"{}\", wanted \"{}\"", key, *found, wanted);
  return {};
}

// Absent means that B is used as it is; 0 would mean the same to the engine and "no effect" to PEFT: refused.
Result<std::optional<float>> read_alpha(const GgufView& view, const std::string& file) {
  if (!view.kvs().contains("adapter.lora.alpha")) return std::nullopt;
  auto alpha = view.real("adapter.lora.alpha");
  if (!alpha) return reject_source(file, "{}", alpha.error().message);
  if (!std::isfinite(*alpha) || *alpha <= 0) return reject_source(file, "adapter.lora.alpha is {}: it must be above 0", *alpha);
  return *alpha;
}

Result<std::map<std::string, Halves>> pair_up(const GgufView& view, const std::string& file) {
  std::map<std::string, Halves> pairs;
  for (const GgufTensor& tensor : view.tensors()) {
    const bool is_a = tensor.name.ends_with(".lora_a");
    if (!is_a && !tensor.name.ends_with(".lora_b")) return reject_source(file, "tensor {} is neither lora_a nor lora_b", tensor.name);
    Halves& halves = pairs[tensor.name.substr(0, tensor.name.size() - 7)];
    (is_a ? halves.a : halves.b) = &tensor;
  }
  for (const auto& [base_tensor, halves] : pairs) {
    if (!halves.a || !halves.b) return reject_source(file, "{} has no {}", base_tensor, halves.a ? "lora_b" : "lora_a");
  }
  if (pairs.empty()) return reject_source(file, "it has no tensors");
  return pairs;
}

Result<LayerPairData> convert(const GgufView& view, const std::string& base_tensor, const Halves& halves, const BaseModel& base,
                              const std::string& file) {
  const auto wanted = adapted_shape(base_tensor, base);
  if (!wanted) return reject_source(file, "{}: {}", base_tensor, wanted.error().message);
  const auto shape = pair_shape(layout_of(base_tensor), *halves.a, *halves.b);
  if (!shape) return reject_source(file, "{}: {}", base_tensor, shape.error().message);
  if (shape->in != wanted->in || shape->out != wanted->out) {
    return reject_source(file, "{} goes from {} to {}, in the base from {} to {}: it was made for another base", base_tensor, shape->in,
                         shape->out, wanted->in, wanted->out);
  }
  LayerPairData pair{base_tensor, halves.a->type(), halves.b->type(), shape->in, shape->rank, shape->out, {}, {}, 1.0F};
  const auto a_bytes = view.data(*halves.a);
  const auto b_bytes = view.data(*halves.b);
  pair.a.assign(a_bytes.begin(), a_bytes.end());
  pair.b.assign(b_bytes.begin(), b_bytes.end());
  return pair;
}

// Our own normalised file: scales stand beside the pairs, by position. Its own reader knows which form and order that means.
Result<void> take_own_scales(std::span<const std::byte> bytes, std::vector<LayerPairData>& pairs, const std::string& file) {
  const auto view = LayerView::parse(bytes, false);
  if (!view) return reject_source(file, "{}", view.error().message);
  for (std::size_t i = 0; i < pairs.size(); ++i) pairs[i].scale = view->pairs()[i].scale;  // both sorted by base tensor
  return {};
}

}  // namespace

Result<SourceLayer> read_gguf_lora(const std::string& path, const BaseModel& base) {
  GENEPOOL_TRY(const Mapping mapping, map_source(path, kMaxSourceBytes));
  auto parsed = GgufView::parse(mapping.bytes(), GgufLimits{});
  if (!parsed) return reject_source(path, "{}", parsed.error().message);
  const GgufView& view = *parsed;
  GENEPOOL_TRY_VOID(expect_text(view, "general.type", "adapter", path));
  GENEPOOL_TRY_VOID(expect_text(view, "adapter.type", "lora", path));
  auto architecture = view.text("general.architecture");
  if (!architecture) return reject_source(path, "{}", architecture.error().message);
  if (*architecture != base.architecture) return reject_source(path, "it was made for {}, the base is {}", *architecture, base.architecture);
  if (view.kvs().contains("adapter.alora.invocation_tokens")) {
    return reject_source(path, "activated LoRA is not supported: as a plain one it would answer differently");
  }
  GENEPOOL_TRY(const std::optional<float> alpha, read_alpha(view, path));
  GENEPOOL_TRY(const auto pairs, pair_up(view, path));

  SourceLayer layer{{}, sha256(mapping.bytes()), "gguf", view.text("general.base_model.0.name").value_or("")};
  for (const auto& [base_tensor, halves] : pairs) {
    GENEPOOL_TRY(LayerPairData pair, convert(view, base_tensor, halves, base, path));
    if (alpha) pair.scale = *alpha / static_cast<float>(pair.rank);
    layer.pairs.push_back(std::move(pair));
  }
  if (view.kvs().contains("genepool.layer.format")) GENEPOOL_TRY_VOID(take_own_scales(mapping.bytes(), layer.pairs, path));
  return layer;
}

}  // namespace genepool

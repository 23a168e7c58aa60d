// The normalised layer file: what the store keeps and LayerId is the SHA-256 of. A GGUF file (so any GGUF tool shows it)
//   general.type "adapter", general.architecture, adapter.type "lora", genepool.layer.format u32,
//   genepool.layer.importer u32, genepool.layer.scales f32[]: one alpha/rank (rsLoRA: alpha/sqrt(rank)) per pair
// with tensors <base tensor>.lora_a ne=[in, r], <base tensor>.lora_b ne=[r, out], pair by pair in order of the base
// tensor's name, types f32 f16 bf16 q8_0, no adapter.lora.alpha: scales stay unfolded here and fold into B in the page.
// The token embedding's pair (PairLayout::kLookup) is lora_a ne=[r, vocabulary], lora_b ne=[r, embedding].
// Thread: any, pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "genome/gguf.h"

namespace genepool {

inline constexpr std::uint32_t kLayerFormat = 1;
inline constexpr std::uint32_t kImporterVersion = 1;  // raise it when an importer's mistake is mended
inline constexpr std::uint64_t kMaxRank = 256;

// How the engine uses a base tensor decides how its pair lies in a file. A matrix is multiplied: B (A x). The token
// embedding is looked up: B times row `token` of A, so A lies transposed and its rows are one token each.
enum class PairLayout { kMatrix, kLookup };
[[nodiscard]] inline PairLayout layout_of(std::string_view base_tensor) {
  return base_tensor == "token_embd.weight" ? PairLayout::kLookup : PairLayout::kMatrix;
}

// The numbers that a pair joins: B A takes `in` values (or one of `in` tokens) to `out` values, through `rank`.
struct PairShape {
  std::uint64_t in = 0, rank = 0, out = 0;
  bool operator==(const PairShape&) const = default;
};
// kLayerRejected when the two are no pair in this layout: ranks differ, or there are more than two dimensions.
[[nodiscard]] Result<PairShape> pair_shape(PairLayout layout, const GgufTensor& a, const GgufTensor& b);

struct LayerPair {
  std::string base_tensor;  // "blk.3.attn_q.weight"
  GgufTensor a, b;
  PairShape shape;
  float scale = 1.0F;  // finite
};

class LayerView {
 public:
  // Checks everything above, and with `check_values` (slow: import and verify only) that every value is finite and stays so
  // under its scale at any weight.
  // kLayerCorrupt with the reason. The view points into `bytes`.
  [[nodiscard]] static Result<LayerView> parse(std::span<const std::byte> bytes, bool check_values);

  [[nodiscard]] const std::string& architecture() const { return architecture_; }
  [[nodiscard]] const std::vector<LayerPair>& pairs() const { return pairs_; }  // sorted by base_tensor
  [[nodiscard]] std::span<const std::byte> data(const GgufTensor& t) const { return file_.data(t); }
  [[nodiscard]] std::uint32_t importer_version() const { return importer_version_; }

 private:
  GgufView file_;
  std::string architecture_;
  std::uint32_t importer_version_ = 0;
  std::vector<LayerPair> pairs_;
};

// One pair as an importer hands it over: bytes already in GGUF order, permuted where the architecture wants it.
struct LayerPairData {
  std::string base_tensor;
  TensorType type_a = TensorType::kF16, type_b = TensorType::kF16;
  std::uint64_t in = 0, rank = 0, out = 0;
  std::vector<std::byte> a;  // [rank][in]; of a kLookup pair [in][rank]
  std::vector<std::byte> b;  // [out][rank]
  float scale = 1.0F;
};

// The normalised bytes; the same pairs give the same bytes whatever their order in `pairs`.
[[nodiscard]] std::vector<std::byte> write_layer(std::string_view architecture, std::vector<LayerPairData> pairs);

}  // namespace genepool

#include "import/import.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <random>
#include <set>

#include "base/printable.h"
#include "genome/base_name.h"
#include "genome/half.h"
#include "genome/layer_norms.h"
#include "import/gguf_lora.h"
#include "import/modules.h"
#include "import/peft.h"
#include "import/source_file.h"

namespace genepool {
namespace {

Result<void> check_pair(const LayerPairData& pair, const std::string& path) {
  // A rank beyond the matrix's own is a waste but legal: r = 256 on every linear of a small base.
  if (pair.rank < 1 || pair.rank > kMaxRank) {
    return reject_source(path, "{} has rank {}, accepted are 1 to {}", pair.base_tensor, pair.rank, kMaxRank);
  }
  if (!std::isfinite(pair.scale) || pair.scale <= 0) {
    return reject_source(path, "the scale of {} is {}: it must be finite and above 0", pair.base_tensor, pair.scale);
  }
  return {};
}

Result<ImportedLayer> normalise(SourceLayer source, const BaseModel& base, const std::string& path) {
  // It is kept, and shown on terminals.
  if (!is_printable(source.declared_base)) return reject_source(path, "the name of the base it was made for is no printable text");
  ImportedLayer layer;
  layer.source_hash = source.source_hash;
  layer.source_kind = std::move(source.source_kind);
  layer.declared_base = std::move(source.declared_base);
  layer.architecture = base.architecture;
  layer.rank_min = kMaxRank;
  std::set<std::string> targets;
  for (const LayerPairData& pair : source.pairs) {
    GENEPOOL_TRY_VOID(check_pair(pair, path));
    layer.rank_min = std::min(layer.rank_min, pair.rank);
    layer.rank_max = std::max(layer.rank_max, pair.rank);
    layer.parameter_count += pair.rank * (pair.in + pair.out);
    targets.insert(kind_of(pair.base_tensor));
  }
  layer.targets.assign(targets.begin(), targets.end());
  layer.bytes = write_layer(base.architecture, std::move(source.pairs));
  // What will be read for every page must read back, and this is where every value is looked at.
  if (auto view = LayerView::parse(layer.bytes, true); !view) return reject_source(path, "as it would be kept it is {}", view.error().message);
  layer.id = sha256(layer.bytes);
  return layer;
}

std::vector<std::byte> random_halves(std::mt19937_64& random, std::uint64_t count, float amplitude) {
  std::vector<float> values(count);
  // Not a std:: distribution: those differ between libraries, and a seed should mean the same bytes everywhere.
  for (float& value : values) {
    const auto unit = static_cast<float>(random() >> 40) * 0x1p-24F;
    value = (2.0F * unit - 1.0F) * amplitude;
  }
  std::vector<std::byte> bytes(2 * count);
  f32_to_f16(values, {reinterpret_cast<std::uint16_t*>(bytes.data()), count});
  return bytes;
}

bool is_wanted(const std::string& kind, const std::vector<std::string>& targets) {
  static const std::set<std::string> kLinears = {"attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"};
  if (targets == std::vector<std::string>{"all"}) return kLinears.contains(kind);
  return std::ranges::find(targets, kind) != targets.end();
}

}  // namespace

Result<ImportedLayer> import_layer(const std::string& path, const BaseModel& base, const ImportOptions& options) {
  std::error_code error;
  const bool is_folder = std::filesystem::is_directory(path, error);
  const auto read = [&]() -> Result<ImportedLayer> {
    GENEPOOL_TRY(SourceLayer source, is_folder ? read_peft(path, base) : read_gguf_lora(path, base));
    if (!options.force && compare_base_names(source.declared_base, base.name) == BaseNames::kDiffer) {
      return reject_source(path, "it says that it was made for {}, the base is {}: force it if the names mislead",
                           source.declared_base, base.name);
    }
    return normalise(std::move(source), base, path);
  };
  auto layer = read();
  // A refusal quotes names that a stranger chose.
  if (!layer) layer.error().message = printable(layer.error().message);
  return layer;
}

Result<ImportedLayer> random_layer(const RandomLayerOptions& options, const BaseModel& base) {
  std::mt19937_64 random(options.seed);
  SourceLayer source{{}, {}, "random", base.name};
  for (const auto& [tensor, matrix] : base.linears) {
    if (!is_wanted(kind_of(tensor), options.targets)) continue;
    GENEPOOL_TRY(const TensorShape shape, adapted_shape(tensor, base));
    const auto [in, out] = shape;
    LayerPairData pair{tensor, TensorType::kF16, TensorType::kF16, in, options.rank, out, {}, {}, 1.0F};
    // |B A x| stays near amplitude * |x| whatever the rank and width.
    const float a = 1.0F / std::sqrt(static_cast<float>(in));
    pair.a = random_halves(random, in * options.rank, a);
    pair.b = random_halves(random, options.rank * out, options.amplitude / std::sqrt(static_cast<float>(options.rank)));
    source.pairs.push_back(std::move(pair));
  }
  if (source.pairs.empty()) return fail(Code::kBadRequest, "the base has none of the wanted targets");
  GENEPOOL_TRY(ImportedLayer layer, normalise(std::move(source), base, "generated layer"));
  layer.source_hash = layer.id;
  return layer;
}

}  // namespace genepool

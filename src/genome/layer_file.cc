#include "genome/layer_file.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "genome/genome.h"
#include "genome/values.h"

namespace genepool {
namespace {

constexpr std::string_view kSuffixA = ".lora_a";
constexpr std::string_view kSuffixB = ".lora_b";

auto corrupt(std::string_view why) { return fail(Code::kLayerCorrupt, "not a layer of ours: {}", why); }

// A corrupt stored file is another matter than a source that a user brings: same reason, other code.
template <class T>
Result<T> as_corrupt(Result<T> result) {
  if (!result) return corrupt(result.error().message);
  return result;
}

Result<void> expect_text(const GgufView& file, std::string_view key, std::string_view wanted) {
  GENEPOOL_TRY(const std::string found, as_corrupt(file.text(key)));
  if (found != wanted) return corrupt(fmt::format("{} is \"{}\", wanted \"{}\"", key, found, wanted));
  return {};
}

Result<LayerPair> read_pair(const GgufTensor& a, const GgufTensor& b, float scale) {
  if (!a.name.ends_with(kSuffixA)) return corrupt(fmt::format("tensor {} is no lora_a", a.name));
  LayerPair pair{a.name.substr(0, a.name.size() - kSuffixA.size()), a, b, {}, scale};
  if (b.name != pair.base_tensor + std::string(kSuffixB)) return corrupt(fmt::format("{} has no lora_b beside it", a.name));
  GENEPOOL_TRY(pair.shape, as_corrupt(pair_shape(layout_of(pair.base_tensor), a, b)));
  if (pair.shape.rank > kMaxRank) return corrupt(fmt::format("{} has rank {}, at most {}", a.name, pair.shape.rank, kMaxRank));
  if (!std::isfinite(scale)) return corrupt(fmt::format("the scale of {} is not finite", pair.base_tensor));
  return pair;
}

Result<float> finite_peak(const GgufView& file, const GgufTensor& tensor) {
  const float peak = peak_of(tensor.type(), file.data(tensor), tensor.element_count());
  if (!std::isfinite(peak)) return corrupt(fmt::format("tensor {} has a value that is not finite", tensor.name));
  return peak;
}

// A layer that is accepted can be used at any weight: its scaled B stays finite in every page.
Result<void> check_values_of(const GgufView& file, const LayerPair& pair) {
  GENEPOOL_TRY([[maybe_unused]] const float peak_a, finite_peak(file, pair.a));
  GENEPOOL_TRY(const float peak_b, finite_peak(file, pair.b));
  const double scaled = static_cast<double>(peak_b) * std::abs(static_cast<double>(pair.scale)) * static_cast<double>(kMaxWeight);
  if (scaled < static_cast<double>(std::numeric_limits<float>::max()) / 2) return {};
  return corrupt(fmt::format("the scale {} of {} takes its values beyond what a 32 bit float holds", pair.scale, pair.base_tensor));
}

}  // namespace

Result<PairShape> pair_shape(PairLayout layout, const GgufTensor& a, const GgufTensor& b) {
  const bool is_lookup = layout == PairLayout::kLookup;
  const PairShape shape{a.ne[is_lookup ? 1 : 0], b.ne[0], b.ne[1]};
  const bool is_flat = a.ne[2] == 1 && a.ne[3] == 1 && b.ne[2] == 1 && b.ne[3] == 1;
  if (!is_flat || a.ne[is_lookup ? 0 : 1] != shape.rank) {
    return fail(Code::kLayerRejected, "the shapes of {} and {} do not match", a.name, b.name);
  }
  return shape;
}

Result<LayerView> LayerView::parse(std::span<const std::byte> bytes, bool check_values) {
  LayerView layer;
  GENEPOOL_TRY(layer.file_, as_corrupt(GgufView::parse(bytes, GgufLimits{})));
  GENEPOOL_TRY_VOID(expect_text(layer.file_, "general.type", "adapter"));
  GENEPOOL_TRY_VOID(expect_text(layer.file_, "adapter.type", "lora"));
  GENEPOOL_TRY(layer.architecture_, as_corrupt(layer.file_.text("general.architecture")));
  GENEPOOL_TRY(const auto format, as_corrupt(layer.file_.count("genepool.layer.format")));
  if (format != kLayerFormat) return corrupt(fmt::format("layer format {}, this program reads {}", format, kLayerFormat));
  GENEPOOL_TRY(const auto importer, as_corrupt(layer.file_.count("genepool.layer.importer")));
  layer.importer_version_ = static_cast<std::uint32_t>(importer);
  GENEPOOL_TRY(const auto scales, as_corrupt(layer.file_.reals("genepool.layer.scales")));

  const auto& tensors = layer.file_.tensors();
  if (tensors.empty() || tensors.size() != 2 * scales.size()) {
    return corrupt(fmt::format("{} tensors and {} scales", tensors.size(), scales.size()));
  }
  for (std::size_t i = 0; i < scales.size(); ++i) {
    GENEPOOL_TRY(LayerPair pair, read_pair(tensors[2 * i], tensors[2 * i + 1], scales[i]));
    if (!layer.pairs_.empty() && layer.pairs_.back().base_tensor >= pair.base_tensor) return corrupt("tensors are not in order");
    layer.pairs_.push_back(std::move(pair));
  }
  if (!check_values) return layer;
  for (const LayerPair& pair : layer.pairs_) GENEPOOL_TRY_VOID(check_values_of(layer.file_, pair));
  return layer;
}

std::vector<std::byte> write_layer(std::string_view architecture, std::vector<LayerPairData> pairs) {
  std::ranges::sort(pairs, {}, &LayerPairData::base_tensor);
  GgufLayout layout;
  layout.add_text("general.type", "adapter");
  layout.add_text("general.architecture", std::string(architecture));
  layout.add_text("adapter.type", "lora");
  layout.add_u32("genepool.layer.format", kLayerFormat);
  layout.add_u32("genepool.layer.importer", kImporterVersion);
  std::vector<float> scales;
  for (const LayerPairData& pair : pairs) scales.push_back(pair.scale);
  layout.add_f32s("genepool.layer.scales", std::move(scales));
  for (const LayerPairData& pair : pairs) {
    const bool is_lookup = layout_of(pair.base_tensor) == PairLayout::kLookup;
    (void)layout.add_tensor(pair.base_tensor + std::string(kSuffixA), pair.type_a, is_lookup ? pair.rank : pair.in,
                            is_lookup ? pair.in : pair.rank);
    (void)layout.add_tensor(pair.base_tensor + std::string(kSuffixB), pair.type_b, pair.rank, pair.out);
  }
  std::vector<std::byte> file(layout.finish());
  layout.write_header(file);
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const std::span<std::byte> a = layout.place(2 * i, file);
    const std::span<std::byte> b = layout.place(2 * i + 1, file);
    GENEPOOL_CHECK(a.size() == pairs[i].a.size() && b.size() == pairs[i].b.size(), "{}", pairs[i].base_tensor);
    std::memcpy(a.data(), pairs[i].a.data(), a.size());
    std::memcpy(b.data(), pairs[i].b.data(), b.size());
  }
  return file;
}

}  // namespace genepool

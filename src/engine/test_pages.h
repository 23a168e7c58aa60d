// For tests and benchmarks of the engine: the real base, and pages of random layers that fit it.
#pragma once

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "base/memory_file.h"
#include "genome/base_model.h"
#include "genome/half.h"
#include "genome/layer_file.h"
#include "genome/page.h"

namespace genepool::test {

// GENEPOOL_TEST_MODEL, else what tools/fetch-model (run from the source directory) prints. "" when neither works.
inline std::string model_path() {
  if (const char* given = std::getenv("GENEPOOL_TEST_MODEL")) return given;
  FILE* pipe = popen("tools/fetch-model", "r");
  if (pipe == nullptr) return "";
  char line[4096] = "";
  const bool has_line = std::fgets(line, sizeof line, pipe) != nullptr;
  pclose(pipe);
  if (!has_line) return "";
  line[std::strcspn(line, "\n")] = '\0';
  return line;
}

inline BaseModel base_model(const std::string& path) {
  auto mapping = Mapping::of_file(path);
  GENEPOOL_CHECK(mapping.has_value(), "cannot map {}", path);
  GgufLimits limits;
  limits.is_base = true;
  auto file = GgufView::parse(mapping->bytes(), limits);
  GENEPOOL_CHECK(file.has_value(), "{}", file ? "" : file.error().message);
  auto base = read_base_model(*file);
  GENEPOOL_CHECK(base.has_value(), "{}", base ? "" : base.error().message);
  return std::move(*base);
}

inline std::vector<std::byte> random_values(TensorType type, std::uint64_t count, float spread, std::mt19937& chance) {
  std::normal_distribution<float> normal(0.0F, spread);
  std::vector<float> values(count);
  for (float& value : values) value = normal(chance);
  std::vector<std::uint16_t> halves(count);
  f32_to_f16(values, halves);
  const auto bytes = type == TensorType::kF32 ? std::as_bytes(std::span(values)) : std::as_bytes(std::span(halves));
  return {bytes.begin(), bytes.end()};
}

inline const std::vector<std::string> kAllLinears = {"attn_q", "attn_k", "attn_v", "attn_output",
                                                     "ffn_gate", "ffn_up", "ffn_down"};

// A stored layer of pairs on every block's `kinds`.
inline std::vector<std::byte> random_layer(const BaseModel& base, std::uint64_t rank, const std::vector<std::string>& kinds,
                                           unsigned seed, TensorType type = TensorType::kF16) {
  std::mt19937 chance(seed);
  std::vector<LayerPairData> pairs;
  for (const auto& [name, shape] : base.linears) {
    const bool is_wanted = std::any_of(kinds.begin(), kinds.end(), [&name = name](const std::string& kind) {
      return name.starts_with("blk.") && name.find("." + kind + ".") != std::string::npos;
    });
    if (!is_wanted) continue;
    LayerPairData pair;
    pair.base_tensor = name;
    pair.in = shape.first;
    pair.out = shape.second;
    pair.rank = rank;
    pair.type_a = pair.type_b = type;
    pair.a = random_values(type, pair.in * rank, 0.02F, chance);
    pair.b = random_values(type, pair.out * rank, 0.02F, chance);
    pairs.push_back(std::move(pair));
  }
  return write_layer(base.architecture, std::move(pairs));
}

// The sealed page of these stored layers with these weights.
inline MemoryFile make_page(const std::vector<std::vector<std::byte>>& layers, const std::vector<float>& weights) {
  std::vector<LayerView> views;
  for (const auto& bytes : layers) {
    auto view = LayerView::parse(bytes, true);
    GENEPOOL_CHECK(view.has_value(), "{}", view ? "" : view.error().message);
    views.push_back(std::move(*view));
  }
  std::vector<FusePart> parts;
  for (std::size_t i = 0; i < views.size(); ++i) parts.push_back({&views[i], weights[i]});
  auto plan = FusePlan::make(parts);
  GENEPOOL_CHECK(plan.has_value(), "{}", plan ? "" : plan.error().message);
  auto file = MemoryFile::create("page", plan->byte_size());
  GENEPOOL_CHECK(file.has_value(), "cannot make the page");
  plan->write(file->writable());
  GENEPOOL_CHECK(file->seal().has_value(), "cannot seal the page");
  return std::move(*file);
}

}  // namespace genepool::test

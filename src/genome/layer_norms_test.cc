#include "genome/layer_norms.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

namespace genepool {
namespace {

std::vector<std::byte> bytes_of(const std::vector<float>& values) {
  std::vector<std::byte> bytes(values.size() * sizeof(float));
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

TEST(LayerNorms, are_those_of_the_product) {
  // B A = [[1 2 3], [4 5 6]] x diag and so on: small enough to multiply out here.
  const std::vector<float> a{1, -2, 3, 0.5F, 4, -1};      // 2 x 3
  const std::vector<float> b{2, 1, -1, 3, 0.25F, -0.5F, 1, 1};  // 4 x 2
  const float scale = 1.5F;
  double square = 0;
  for (int row = 0; row < 4; ++row) {
    for (int column = 0; column < 3; ++column) {
      const double value = static_cast<double>(scale * (b[row * 2] * a[column] + b[row * 2 + 1] * a[3 + column]));
      square += value * value;
    }
  }
  const auto pair = [&](const char* tensor) {
    return LayerPairData{tensor, TensorType::kF32, TensorType::kF32, 3, 2, 4, bytes_of(a), bytes_of(b), scale};
  };
  const auto bytes = write_layer("llama", {pair("blk.0.attn_q.weight"), pair("blk.1.attn_q.weight"), pair("blk.0.ffn_up.weight")});
  const auto layer = LayerView::parse(bytes, true);
  ASSERT_TRUE(layer) << layer.error().message;
  const auto norms = norms_of(*layer);
  ASSERT_EQ(norms.size(), 2u);
  EXPECT_EQ(norms[0].kind, "attn_q");
  EXPECT_NEAR(norms[0].norm, std::sqrt(2 * square), 1e-4);
  EXPECT_EQ(norms[1].kind, "ffn_up");
  EXPECT_NEAR(norms[1].norm, std::sqrt(square), 1e-4);
}

TEST(LayerNorms, scales_and_alphas_are_ranges) {
  const auto pair = [](const char* tensor, std::uint64_t rank, float scale) {
    return LayerPairData{tensor, TensorType::kF32, TensorType::kF32, 3, rank, 4, bytes_of(std::vector<float>(3 * rank, 1)),
                         bytes_of(std::vector<float>(4 * rank, 1)), scale};
  };
  const auto bytes = write_layer("llama", {pair("blk.0.attn_q.weight", 2, 8), pair("blk.0.attn_v.weight", 4, 2)});
  const LayerScales scales = scales_of(*LayerView::parse(bytes, true));
  EXPECT_EQ(scales.scale_min, 2);
  EXPECT_EQ(scales.scale_max, 8);
  EXPECT_EQ(scales.alpha_min, 8);
  EXPECT_EQ(scales.alpha_max, 16);
}

}  // namespace
}  // namespace genepool

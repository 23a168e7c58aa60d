// The vector code and the code for one value at a time must agree to the bit: which of them runs depends on the CPU and on how
// many values there are.
#include "genome/half.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <numeric>
#include <vector>

#include "genome/values.h"

namespace genepool {
namespace {

std::vector<std::uint16_t> all_halves() {
  std::vector<std::uint16_t> all(1 << 16);
  std::iota(all.begin(), all.end(), 0);
  return all;
}

bool is_nan(std::uint16_t half) { return (half & 0x7FFFU) > 0x7C00U; }

TEST(Half, every_value_widens_alike_in_a_row_and_alone) {
  const auto from = all_halves();
  std::vector<float> together(from.size());
  f16_to_f32(from, together);
  for (std::size_t i = 0; i < from.size(); ++i) {
    float alone;
    f16_to_f32({&from[i], 1}, {&alone, 1});
    ASSERT_EQ(std::bit_cast<std::uint32_t>(alone), std::bit_cast<std::uint32_t>(together[i])) << i;
  }
  EXPECT_EQ(together[0x3C00], 1.0F);
  EXPECT_EQ(together[0x7BFF], kMaxF16);
  EXPECT_EQ(together[1], 0x1p-24F);
}

TEST(Half, there_and_back_is_the_same_half) {
  const auto from = all_halves();
  std::vector<float> wide(from.size());
  std::vector<std::uint16_t> back(from.size());
  f16_to_f32(from, wide);
  f32_to_f16(wide, back);
  for (std::size_t i = 0; i < from.size(); ++i) {
    if (is_nan(from[i])) continue;
    ASSERT_EQ(back[i], from[i]);
  }
}

TEST(Half, scaling_is_widening_times_the_scale_rounded_once) {
  const auto from = all_halves();
  std::vector<float> wide(from.size());
  std::vector<std::uint16_t> scaled(from.size()), expected(from.size());
  for (const float scale : {1.0F, -0.75F, 0.3F, 1e-6F, 7.77F, 100.0F}) {
    f16_to_f32(from, wide);
    for (float& value : wide) value *= scale;
    f32_to_f16(wide, expected);
    scale_f16(from, scale, scaled);
    for (std::size_t i = 0; i < from.size(); ++i) {
      if (is_nan(from[i])) continue;
      ASSERT_EQ(scaled[i], expected[i]) << i << " x " << scale;
      std::uint16_t alone;
      scale_f16({&from[i], 1}, scale, {&alone, 1});
      ASSERT_EQ(alone, expected[i]) << i << " x " << scale;
    }
  }
}

TEST(Half, the_peak_is_the_largest_magnitude_and_infinite_for_what_is_no_number) {
  const auto peak = [](const std::vector<std::uint16_t>& halves) {
    return peak_of(TensorType::kF16, std::as_bytes(std::span(halves)), halves.size());
  };
  std::vector<std::uint16_t> values(100, 0x3C00);  // 1
  values[37] = 0xC200;                             // -3
  EXPECT_EQ(peak(values), 3.0F);
  EXPECT_EQ(peak({0x8000}), 0.0F);
  values[99] = 0xFC00;  // -infinity
  EXPECT_TRUE(std::isinf(peak(values)));
  values[99] = 0xFE01;  // NaN
  EXPECT_TRUE(std::isinf(peak(values)));
}

}  // namespace
}  // namespace genepool

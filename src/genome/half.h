// Conversions between f32 and the short float formats, round to nearest even, fast where the CPU has F16C.
// Thread: any, pure. Sizes: `from` and `to` have the same number of elements.
#pragma once

#include <cstdint>
#include <span>

namespace genepool {

void f16_to_f32(std::span<const std::uint16_t> from, std::span<float> to);
void bf16_to_f32(std::span<const std::uint16_t> from, std::span<float> to);
void f32_to_f16(std::span<const float> from, std::span<std::uint16_t> to);  // overflow gives infinity: check before
void scale_f16(std::span<const std::uint16_t> from, float scale, std::span<std::uint16_t> to);  // widened, times scale, rounded once

[[nodiscard]] bool cpu_has_f16c();

inline constexpr float kMaxF16 = 65504.0F;

}  // namespace genepool

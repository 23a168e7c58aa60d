#include "genome/half.h"

#include <bit>
#include <cstddef>

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

namespace genepool {
namespace {

float widen(std::uint16_t half) {
  const std::uint32_t sign = static_cast<std::uint32_t>(half & 0x8000U) << 16;
  const std::uint32_t exponent = (half >> 10) & 0x1FU;
  const std::uint32_t fraction = half & 0x3FFU;
  if (exponent == 0) {  // zero or subnormal: fraction * 2^-24 is exact in f32
    const float magnitude = static_cast<float>(fraction) * 0x1p-24F;
    return std::bit_cast<float>(std::bit_cast<std::uint32_t>(magnitude) | sign);
  }
  if (exponent == 31) {  // a NaN becomes quiet, as F16C makes it
    return std::bit_cast<float>(sign | 0x7F800000U | (fraction << 13) | (fraction != 0 ? 0x400000U : 0U));
  }
  return std::bit_cast<float>(sign | ((exponent + 112) << 23) | (fraction << 13));
}

std::uint16_t narrow(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t sign = (bits >> 16) & 0x8000U;
  const std::uint32_t magnitude = bits & 0x7FFFFFFFU;
  std::uint32_t half;
  if (magnitude > 0x7F800000U) {  // NaN: quiet, upper fraction bits kept
    half = 0x7E00U | ((magnitude >> 13) & 0x3FFU);
  } else if (magnitude >= 0x477FF000U) {  // 65520 and more round to infinity
    half = 0x7C00U;
  } else if (magnitude < 0x38800000U) {  // below 2^-14: adding 0.5 lets the FPU round to a multiple of 2^-24
    const float shifted = std::bit_cast<float>(magnitude) + 0.5F;
    half = std::bit_cast<std::uint32_t>(shifted) - std::bit_cast<std::uint32_t>(0.5F);
  } else {
    const std::uint32_t odd = (magnitude >> 13) & 1U;
    half = (magnitude - (112U << 23) + 0xFFFU + odd) >> 13;
  }
  return static_cast<std::uint16_t>(sign | half);
}

#if defined(__x86_64__)
// All return how many leading elements they did: the multiples of 8.
__attribute__((target("avx,f16c"))) std::size_t widen_blocks(std::span<const std::uint16_t> from, std::span<float> to) {
  std::size_t i = 0;
  for (; i + 8 <= from.size(); i += 8) {
    const __m128i halves = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from.data() + i));
    _mm256_storeu_ps(to.data() + i, _mm256_cvtph_ps(halves));
  }
  return i;
}

__attribute__((target("avx,f16c"))) std::size_t narrow_blocks(std::span<const float> from, std::span<std::uint16_t> to) {
  std::size_t i = 0;
  for (; i + 8 <= from.size(); i += 8) {
    const __m128i halves = _mm256_cvtps_ph(_mm256_loadu_ps(from.data() + i), _MM_FROUND_TO_NEAREST_INT);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to.data() + i), halves);
  }
  return i;
}

__attribute__((target("avx,f16c"))) std::size_t scale_blocks(std::span<const std::uint16_t> from, float scale, std::span<std::uint16_t> to) {
  const __m256 factor = _mm256_set1_ps(scale);
  std::size_t i = 0;
  for (; i + 8 <= from.size(); i += 8) {
    const __m256 values = _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from.data() + i)));
    const __m128i halves = _mm256_cvtps_ph(_mm256_mul_ps(values, factor), _MM_FROUND_TO_NEAREST_INT);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to.data() + i), halves);
  }
  return i;
}
#else
std::size_t widen_blocks(std::span<const std::uint16_t>, std::span<float>) { return 0; }
std::size_t narrow_blocks(std::span<const float>, std::span<std::uint16_t>) { return 0; }
std::size_t scale_blocks(std::span<const std::uint16_t>, float, std::span<std::uint16_t>) { return 0; }
#endif

}  // namespace

#if defined(__x86_64__)
// By cpuid: not every compiler we build with knows the name "f16c". Whether the system saves AVX registers is in "avx".
bool cpu_has_f16c() {
  static const bool has = [] {
    unsigned a = 0, b = 0, c = 0, d = 0;
    return __builtin_cpu_supports("avx") != 0 && __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & bit_F16C) != 0;
  }();
  return has;
}
#else
bool cpu_has_f16c() { return false; }
#endif

void f16_to_f32(std::span<const std::uint16_t> from, std::span<float> to) {
  for (std::size_t i = cpu_has_f16c() ? widen_blocks(from, to) : 0; i < from.size(); ++i) to[i] = widen(from[i]);
}

void bf16_to_f32(std::span<const std::uint16_t> from, std::span<float> to) {
  for (std::size_t i = 0; i < from.size(); ++i) to[i] = std::bit_cast<float>(static_cast<std::uint32_t>(from[i]) << 16);
}

void f32_to_f16(std::span<const float> from, std::span<std::uint16_t> to) {
  for (std::size_t i = cpu_has_f16c() ? narrow_blocks(from, to) : 0; i < from.size(); ++i) to[i] = narrow(from[i]);
}

void scale_f16(std::span<const std::uint16_t> from, float scale, std::span<std::uint16_t> to) {
  for (std::size_t i = cpu_has_f16c() ? scale_blocks(from, scale, to) : 0; i < from.size(); ++i) to[i] = narrow(widen(from[i]) * scale);
}

}  // namespace genepool

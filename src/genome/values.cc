#include "genome/values.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>

#include "genome/half.h"

namespace genepool {
namespace {

constexpr std::size_t kBlock = 32;           // values in a Q8_0 block
constexpr std::size_t kBlockBytes = 2 + 32;  // an f16 scale and 32 signed bytes
constexpr std::size_t kChunk = 4096;         // values looked at in one go: 16 KiB stay in the first-level cache

void read_q8_0(std::span<const std::byte> blocks, std::span<float> to) {
  for (std::size_t block = 0; block * kBlock < to.size(); ++block) {
    const std::byte* from = blocks.data() + block * kBlockBytes;
    std::uint16_t half_scale;
    std::memcpy(&half_scale, from, sizeof half_scale);
    float scale;
    f16_to_f32({&half_scale, 1}, {&scale, 1});
    for (std::size_t i = 0; i < kBlock; ++i) {
      to[block * kBlock + i] = scale * static_cast<float>(std::bit_cast<std::int8_t>(from[2 + i]));
    }
  }
}

std::span<const std::uint16_t> halves(std::span<const std::byte> tensor, std::uint64_t first, std::size_t count) {
  return {reinterpret_cast<const std::uint16_t*>(tensor.data()) + first, count};
}

}  // namespace

void read_values(TensorType type, std::span<const std::byte> tensor, std::uint64_t first, std::span<float> to) {
  switch (type) {
    case TensorType::kF32: std::memcpy(to.data(), tensor.data() + first * sizeof(float), to.size_bytes()); return;
    case TensorType::kF16: f16_to_f32(halves(tensor, first, to.size()), to); return;
    case TensorType::kBF16: bf16_to_f32(halves(tensor, first, to.size()), to); return;
    case TensorType::kQ8_0: read_q8_0(tensor.subspan(first / kBlock * kBlockBytes), to); return;
  }
  GENEPOOL_CHECK(false, "tensor type {}", static_cast<unsigned>(type));
}

float peak_of(std::span<const float> values) {
  // As integers, magnitudes order like the floats, with infinity and every NaN above all numbers.
  std::int32_t highest = 0;
  for (const float value : values) highest = std::max(highest, std::bit_cast<std::int32_t>(value) & 0x7FFFFFFF);
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  return highest >= std::bit_cast<std::int32_t>(kInfinity) ? kInfinity : std::bit_cast<float>(highest);
}

// The same for halves, whose largest magnitude is exact in f32. Eight at a time in the plainest vector code there is.
static float peak_of(std::span<const std::uint16_t> halves) {
  std::int16_t highest = 0;
  for (const std::uint16_t half : halves) highest = std::max(highest, static_cast<std::int16_t>(half & 0x7FFFU));
  constexpr std::int16_t kInfinity = 0x7C00;
  if (highest >= kInfinity) return std::numeric_limits<float>::infinity();
  const auto bits = static_cast<std::uint16_t>(highest);
  float peak;
  f16_to_f32({&bits, 1}, {&peak, 1});
  return peak;
}

float peak_of(TensorType type, std::span<const std::byte> tensor, std::uint64_t element_count) {
  if (type == TensorType::kF16) return peak_of(halves(tensor, 0, element_count));
  std::array<float, kChunk> values;
  float peak = 0.0F;
  for (std::uint64_t first = 0; first < element_count; first += kChunk) {
    const auto chunk = std::span(values).first(static_cast<std::size_t>(std::min<std::uint64_t>(kChunk, element_count - first)));
    read_values(type, tensor, first, chunk);
    peak = std::max(peak, peak_of(chunk));
  }
  return peak;
}

}  // namespace genepool

// The numbers inside a tensor's bytes, whatever its type, as f32. Thread: any, pure.
// Requires, everywhere: the bytes are aligned for their type (GgufView and GgufLayout see to it).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "genome/gguf.h"

namespace genepool {

// Elements [first, first + to.size()) of the tensor. Requires for Q8_0: both are multiples of 32.
void read_values(TensorType type, std::span<const std::byte> tensor, std::uint64_t first, std::span<float> to);

// The largest magnitude; infinity when any value is infinite or NaN.
[[nodiscard]] float peak_of(std::span<const float> values);
[[nodiscard]] float peak_of(TensorType type, std::span<const std::byte> tensor, std::uint64_t element_count);

}  // namespace genepool

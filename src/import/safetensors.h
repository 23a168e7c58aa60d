// A strict reader of the safetensors format (huggingface/safetensors, README "Format"): u64 header size, JSON header,
// data. Offsets must tile the data exactly: no hole, no overlap, no byte left.
// Thread: any, pure. Memory: the header's (<= kMaxHeader) and a row per tensor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "genome/gguf.h"

namespace genepool {

struct SafeTensor {
  TensorType type = TensorType::kF32;   // F32, F16 or BF16
  std::vector<std::uint64_t> shape;     // slowest first, as in the file
  std::span<const std::byte> data;
};

class SafetensorsView {
 public:
  static constexpr std::uint64_t kMaxHeader = 16 << 20;
  static constexpr std::size_t kMaxTensors = 16384;

  // The view points into `bytes`. kLayerRejected with the reason.
  [[nodiscard]] static Result<SafetensorsView> parse(std::span<const std::byte> bytes, const std::string& file);
  [[nodiscard]] const std::map<std::string, SafeTensor>& tensors() const { return tensors_; }

 private:
  std::map<std::string, SafeTensor> tensors_;
};

}  // namespace genepool

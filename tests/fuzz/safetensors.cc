// Any bytes as a safetensors file: accepted tensors lie inside it, and their data is as long as their shape says.
#include "import/safetensors.h"

#include "fuzz/targets.h"

namespace genepool::fuzz {

int fuzz_safetensors(std::span<const std::byte> bytes) {
  const auto view = SafetensorsView::parse(bytes, "fuzz");
  if (!view) return 0;
  std::uint64_t total = 0;
  for (const auto& [name, tensor] : view->tensors()) {
    std::uint64_t elements = 1;
    for (const std::uint64_t n : tensor.shape) elements *= n;
    GENEPOOL_CHECK(tensor_bytes(static_cast<std::uint32_t>(tensor.type), elements) == tensor.data.size(), "{}", name);
    if (tensor.data.empty()) continue;
    GENEPOOL_CHECK(tensor.data.data() >= bytes.data() && &tensor.data.back() <= &bytes.back(), "{}", name);
    total += tensor.data.size();
  }
  GENEPOOL_CHECK(total < bytes.size() && view->tensors().size() <= SafetensorsView::kMaxTensors);
  return 0;
}

}  // namespace genepool::fuzz

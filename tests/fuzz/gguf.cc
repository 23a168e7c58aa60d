// Any bytes as a GGUF file, strictly and as a base: accepted tensors lie inside it, and every key can be asked for.
#include "genome/gguf.h"

#include "fuzz/targets.h"
#include "genome/base_model.h"

namespace genepool::fuzz {
namespace {

void check_view(const GgufView& view, std::span<const std::byte> bytes, bool is_base) {
  for (const GgufTensor& tensor : view.tensors()) {
    GENEPOOL_CHECK(view.find(tensor.name) != nullptr);
    GENEPOOL_CHECK(is_base || tensor.byte_size == tensor_bytes(tensor.raw_type, tensor.element_count()), "{}", tensor.name);
    const auto data = view.data(tensor);
    GENEPOOL_CHECK(data.empty() || (data.data() >= bytes.data() && &data.back() <= &bytes.back()), "{}", tensor.name);
  }
  for (const auto& [key, value] : view.kvs()) {
    (void)view.text(key);
    (void)view.count(key);
    (void)view.real(key);
    (void)view.reals(key);
  }
}

}  // namespace

int fuzz_gguf(std::span<const std::byte> bytes) {
  if (const auto view = GgufView::parse(bytes, GgufLimits{})) check_view(*view, bytes, false);
  const auto file = GgufView::parse(bytes, GgufLimits{.is_base = true});
  if (!file) return 0;
  check_view(*file, bytes, true);
  const auto base = read_base_model(*file);
  if (!base) return 0;
  const std::uint64_t most = 8 * bytes.size() + 8;
  for (const auto& [name, shape] : base->linears) {
    // Whoever makes a layer for this base allocates by these.
    GENEPOOL_CHECK(shape.first <= most && shape.second <= most, "{}: {} x {}", name, shape.first, shape.second);
  }
  return 0;
}

}  // namespace genepool::fuzz

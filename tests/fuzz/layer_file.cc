// Any bytes as a stored layer file: the store's own, but a disk or a user may have changed it.
#include "genome/layer_file.h"

#include "fuzz/fused.h"
#include "fuzz/targets.h"

namespace genepool::fuzz {

int fuzz_layer_file(std::span<const std::byte> bytes) {
  (void)LayerView::parse(bytes, false);
  if (LayerView::parse(bytes, true)) check_layer_fuses(bytes);
  return 0;
}

}  // namespace genepool::fuzz

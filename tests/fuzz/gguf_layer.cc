// Any bytes as a GGUF LoRA for a small base, through the whole import.
#include "fuzz/fused.h"
#include "fuzz/memory_path.h"
#include "fuzz/targets.h"
#include "hostile/lying_files.h"
#include "import/import.h"

namespace genepool::fuzz {

int fuzz_gguf_layer(std::span<const std::byte> bytes) {
  static const BaseModel base = hostile::base_model();
  static MemoryPath file;
  file.set(bytes);
  if (const auto layer = import_layer(file.path(), base)) check_layer_fuses(layer->bytes);
  return 0;
}

}  // namespace genepool::fuzz

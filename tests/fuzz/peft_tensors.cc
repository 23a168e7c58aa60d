// Any bytes as the adapter_model.safetensors beside a configuration that is good.
#include "fuzz/fused.h"
#include "fuzz/memory_path.h"
#include "fuzz/targets.h"
#include "hostile/lying_files.h"
#include "import/import.h"

namespace genepool::fuzz {

int fuzz_peft_tensors(std::span<const std::byte> bytes) {
  static const BaseModel base = hostile::base_model();
  static MemoryPath model;
  static const PeftFolder folder("adapter_model.safetensors", model);
  model.set(bytes);
  if (const auto layer = import_layer(folder.path(), base)) check_layer_fuses(layer->bytes);
  return 0;
}

}  // namespace genepool::fuzz

// Any bytes as the adapter_config.json beside tensors that are good.
#include "fuzz/fused.h"
#include "fuzz/memory_path.h"
#include "fuzz/targets.h"
#include "hostile/lying_files.h"
#include "import/import.h"

namespace genepool::fuzz {

int fuzz_peft_config(std::span<const std::byte> bytes) {
  static const BaseModel base = hostile::base_model();
  static MemoryPath config;
  static const PeftFolder folder("adapter_config.json", config);
  config.set(bytes);
  if (const auto layer = import_layer(folder.path(), base)) check_layer_fuses(layer->bytes);
  return 0;
}

}  // namespace genepool::fuzz

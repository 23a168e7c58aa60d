// Any text as GenTD26's requests and as its LoRA references.
#include "fuzz/targets.h"
#include "fuzz/trace_promises.h"

namespace genepool::fuzz {

int fuzz_trace_gentd26(std::span<const std::byte> bytes) {
  check_trace_import("gentd26", bytes);
  check_trace_import("gentd26-loras", bytes);
  return 0;
}

}  // namespace genepool::fuzz

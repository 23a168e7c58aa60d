// Any text as either log of Azure.
#include "fuzz/targets.h"
#include "fuzz/trace_promises.h"

namespace genepool::fuzz {

int fuzz_trace_azure(std::span<const std::byte> bytes) {
  check_trace_import("azure-llm", bytes);
  check_trace_import("azure-func21", bytes);
  return 0;
}

}  // namespace genepool::fuzz

// Any text as Mooncake's lines of JSON.
#include "fuzz/targets.h"
#include "fuzz/trace_promises.h"

namespace genepool::fuzz {

int fuzz_trace_mooncake(std::span<const std::byte> bytes) {
  check_trace_import("mooncake", bytes);
  return 0;
}

}  // namespace genepool::fuzz

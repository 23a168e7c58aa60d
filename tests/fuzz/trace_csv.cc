// Any text as our own trace file.
#include "fuzz/targets.h"
#include "fuzz/trace_promises.h"

namespace genepool::fuzz {

int fuzz_trace_csv(std::span<const std::byte> bytes) {
  check_trace_import("csv", bytes);
  return 0;
}

}  // namespace genepool::fuzz

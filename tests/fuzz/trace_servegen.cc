// Any text as a client of ServeGen: the arrivals drawn from it are in order.
#include "fuzz/targets.h"
#include "fuzz/trace_promises.h"

namespace genepool::fuzz {

int fuzz_trace_servegen(std::span<const std::byte> bytes) {
  check_trace_import("servegen", bytes);
  return 0;
}

}  // namespace genepool::fuzz

// What libFuzzer calls; GENEPOOL_FUZZ_TARGET is a row of targets.def.
#include "fuzz/targets.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  return genepool::fuzz::GENEPOOL_FUZZ_TARGET(std::as_bytes(std::span(data, size)));
}

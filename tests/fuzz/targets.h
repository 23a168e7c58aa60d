// Fuzz targets: each gives bytes to one parser and checks what must hold of whatever it accepts. A broken promise aborts
// (GENEPOOL_CHECK), as does any sanitizer's report. They return 0, as libFuzzer wants it.
// Thread: one.
#pragma once

#include <cstddef>
#include <span>

namespace genepool::fuzz {

#define GENEPOOL_FUZZ(name) int fuzz_##name(std::span<const std::byte> bytes);
#include "fuzz/targets.def"
#undef GENEPOOL_FUZZ

}  // namespace genepool::fuzz

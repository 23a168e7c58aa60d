// offline_bound_s(): load seconds that no rule can do without, whatever it knows of the future, when genomes differ in bytes and
// load cost and a budget of bytes holds. PFOO-L (Berger, Beckmann, Harchol-Balter 2018): keeping a genome from one use to the
// next saves its load and takes bytes x uses in between; the dearest per byte and use are kept, the last one in part, until
// what is taken is the budget from the first use to the last. It bounds rules that may serve a genome without keeping it, too.
// What is not told of a genome counts as 0, which only lowers the bound.
// Pure. Time: a sort. Memory: 16 bytes a use. Thread: any.
#pragma once

#include <cstdint>
#include <span>

#include "trace/trace.h"

namespace genepool {

// Requires: every use is an index into `genomes`.
[[nodiscard]] double offline_bound_s(std::span<const std::uint32_t> uses, std::span<const TraceGenome> genomes,
                                     std::uint64_t budget_bytes);

}  // namespace genepool

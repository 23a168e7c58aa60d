// Named baselines from the literature, to be compared with: FIFO; SIEVE (Zhang 2024); W-TinyLFU (Einziger 2017: a window of 1 %
// before a segmented LRU, admission by exact counts that age); fill_once, the founding document's acquire taken literally (who
// came first stays). Each runs its own cache; the pool keeps what that cache holds: score 1 for what is in it, else 0.
// Sizes count as places do: each evicts by its own rule until the newcomer fits.
#pragma once

#include <memory>

#include "pool/policy.h"

namespace genepool {

// Requires: one of the four.
[[nodiscard]] std::unique_ptr<Policy> make_baseline(PolicyKind kind, Cost Usage::*cost, const Budget& budget);

}  // namespace genepool

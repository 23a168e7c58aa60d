// What a LoRA pair adds to a product, y += B (A x), in two halves that fit into the base's own product (llama_q4_1.cc): as
// nodes of the graph the two small products and the sum cost more in waiting for threads than in arithmetic.
//
// A is [rank][in] and B is [out][rank], half floats row by row as a page has them; vectors and sums are floats. A vector's
// result does not depend on which vectors are computed with it.
// Thread: any; no state. CPUs: those of q4_1_kernel.h, whose Path names them.
#pragma once

#include <cstddef>
#include <cstdint>

#include "engine/q4_1_kernel.h"

namespace genepool::low_rank {

using q4_1::kGroup;
using q4_1::Path;

// Rows first .. last - 1 of A: out[v * out_stride + r] = the product of row r with vector v. Vector v starts at
// vectors[v * stride]. Requires: in % 32 == 0.
void project(Path path, const std::uint16_t* a, std::size_t in, std::size_t first, std::size_t last, const float* vectors,
             std::size_t stride, std::size_t count, float* out, std::size_t out_stride);

// kGroup rows of B, from `b`: out[v * out_stride + row] += the product of the row with projected vector v, which starts at
// projected[v * rank].
void add(Path path, const std::uint16_t* b, std::size_t rank, const float* projected, std::size_t count, float* out,
         std::size_t out_stride);

}  // namespace genepool::low_rank

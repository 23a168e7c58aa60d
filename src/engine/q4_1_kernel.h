// Products of a Q4_1 matrix with Q8_1 vectors, 16 rows of the matrix at a time. llama.cpp's own x86 code for Q4_1 takes one
// row and one vector at a time and unpacks every weight anew for every vector; several requests of one genome decode
// together, so here each weight is unpacked once for up to eight vectors.
//
// Formats (ggml's): a Q4_1 block is 32 weights d*q + m with 4-bit q (byte j holds q[j] low and q[j+16] high); a Q8_1
// block is 32 numbers d*q with 8-bit q and s = d * sum(q). The result is the same sum as ggml's, added in another order;
// a vector's result does not depend on which vectors are computed with it.
// Thread: any; no state. CPUs: AVX2 with FMA and F16C at least, else supported() is false and nothing here may be called.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace genepool::q4_1 {

inline constexpr std::size_t kBlock = 32;  // weights
inline constexpr std::size_t kGroup = 16;  // rows

struct WeightBlock {
  std::uint16_t d, m;  // half floats
  std::uint8_t q[16];
};
static_assert(sizeof(WeightBlock) == 20);

struct VectorBlock {
  std::uint16_t d, s;  // half floats
  std::int8_t q[32];
};
static_assert(sizeof(VectorBlock) == 36);

// The same block of 16 rows: q[part][row] holds bytes 4*part .. 4*part+3 of that row's WeightBlock::q.
struct GroupBlock {
  std::uint16_t d[kGroup], m[kGroup];
  std::uint8_t q[4][kGroup][4];
};
static_assert(sizeof(GroupBlock) == kGroup * sizeof(WeightBlock));

enum class Path { kAvx512Vnni, kAvx2 };

// What this CPU can run.
[[nodiscard]] bool supported();
[[nodiscard]] bool supported(Path path);
[[nodiscard]] Path best_path();  // of those

// Requires: rows % kGroup == 0; `rows_of_blocks` holds rows * blocks_per_row blocks, row by row; `packed` the same bytes,
// groups of rows in order. They do not overlap.
void pack(std::span<const WeightBlock> rows_of_blocks, std::size_t blocks_per_row, std::span<GroupBlock> packed);

// out[v * out_stride + r] = the product of row r of the group with vector v, for r < 16. `group` has `blocks` blocks,
// vector v starts at vectors[v * blocks].
void multiply(Path path, const GroupBlock* group, std::size_t blocks, const VectorBlock* vectors,
              std::size_t vector_count, float* out, std::size_t out_stride);

}  // namespace genepool::q4_1

// Runs in workers, on the engine's threads.
#include "engine/q4_1_kernel.h"

#include <cstring>

#include "base/error.h"
#include "genome/half.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace genepool::q4_1 {

void pack(std::span<const WeightBlock> rows_of_blocks, std::size_t blocks_per_row, std::span<GroupBlock> packed) {
  GENEPOOL_CHECK(rows_of_blocks.size() == packed.size() * kGroup && packed.size() % blocks_per_row == 0,
                 "{} blocks in rows of {} do not fill {} groups", rows_of_blocks.size(), blocks_per_row, packed.size());
  for (std::size_t at = 0; at < packed.size(); ++at) {
    const std::size_t first_row = at / blocks_per_row * kGroup;
    for (std::size_t row = 0; row < kGroup; ++row) {
      const WeightBlock& from = rows_of_blocks[(first_row + row) * blocks_per_row + at % blocks_per_row];
      packed[at].d[row] = from.d;
      packed[at].m[row] = from.m;
      for (std::size_t part = 0; part < 4; ++part) std::memcpy(packed[at].q[part][row], from.q + 4 * part, 4);
    }
  }
}

#if defined(__x86_64__)
namespace {

#define GENEPOOL_AVX2 __attribute__((target("avx2,fma,f16c")))
#define GENEPOOL_AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni,avx2,fma,f16c")))

constexpr std::size_t kMostVectors = 8;  // 8 sums of each kind stay in registers

// Four of a vector's numbers, as the multiply instructions want them in every lane.
inline int four(const VectorBlock& block, std::size_t at) {
  int numbers = 0;
  std::memcpy(&numbers, block.q + at, sizeof numbers);
  return numbers;
}

template <int kVectors>
GENEPOOL_AVX512 void multiply_avx512(const GroupBlock* group, std::size_t blocks, const VectorBlock* vectors, float* out,
                                     std::size_t out_stride) {
  const __m512i low_bits = _mm512_set1_epi8(15);
  __m512 sums[kVectors];
  for (auto& sum : sums) sum = _mm512_setzero_ps();
  for (std::size_t b = 0; b < blocks; ++b) {
    __m512i products[kVectors];
    for (auto& product : products) product = _mm512_setzero_si512();
#pragma GCC unroll 4
    for (std::size_t part = 0; part < 4; ++part) {
      const __m512i both = _mm512_loadu_si512(group[b].q[part]);
      const __m512i low = _mm512_and_si512(both, low_bits);
      const __m512i high = _mm512_and_si512(_mm512_srli_epi16(both, 4), low_bits);
#pragma GCC unroll 8
      for (std::size_t v = 0; v < kVectors; ++v) {
        const VectorBlock& vector = vectors[v * blocks + b];
        products[v] = _mm512_dpbusd_epi32(products[v], low, _mm512_set1_epi32(four(vector, 4 * part)));
        products[v] = _mm512_dpbusd_epi32(products[v], high, _mm512_set1_epi32(four(vector, 16 + 4 * part)));
      }
    }
    const __m512 d = _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(group[b].d)));
    const __m512 m = _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(group[b].m)));
#pragma GCC unroll 8
    for (std::size_t v = 0; v < kVectors; ++v) {
      const VectorBlock& vector = vectors[v * blocks + b];
      const __m512 scale = _mm512_mul_ps(d, _mm512_set1_ps(_cvtsh_ss(vector.d)));
      sums[v] = _mm512_fmadd_ps(scale, _mm512_cvtepi32_ps(products[v]), sums[v]);
      sums[v] = _mm512_fmadd_ps(m, _mm512_set1_ps(_cvtsh_ss(vector.s)), sums[v]);
    }
  }
  for (std::size_t v = 0; v < kVectors; ++v) _mm512_storeu_ps(out + v * out_stride, sums[v]);
}

// Eight rows: `half` 0 or 1 of the group. A product of two pairs is at most 2 * 15 * 128, so eight of them fit 16 bits.
template <int kVectors>
GENEPOOL_AVX2 void multiply_avx2(const GroupBlock* group, std::size_t half, std::size_t blocks,
                                 const VectorBlock* vectors, float* out, std::size_t out_stride) {
  const __m256i low_bits = _mm256_set1_epi8(15), ones = _mm256_set1_epi16(1);
  __m256 sums[kVectors];
  for (auto& sum : sums) sum = _mm256_setzero_ps();
  for (std::size_t b = 0; b < blocks; ++b) {
    __m256i products[kVectors];
    for (auto& product : products) product = _mm256_setzero_si256();
#pragma GCC unroll 4
    for (std::size_t part = 0; part < 4; ++part) {
      const __m256i both = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(group[b].q[part][8 * half]));
      const __m256i low = _mm256_and_si256(both, low_bits);
      const __m256i high = _mm256_and_si256(_mm256_srli_epi16(both, 4), low_bits);
#pragma GCC unroll 4
      for (std::size_t v = 0; v < kVectors; ++v) {
        const VectorBlock& vector = vectors[v * blocks + b];
        const __m256i first = _mm256_maddubs_epi16(low, _mm256_set1_epi32(four(vector, 4 * part)));
        const __m256i second = _mm256_maddubs_epi16(high, _mm256_set1_epi32(four(vector, 16 + 4 * part)));
        products[v] = _mm256_add_epi16(products[v], _mm256_add_epi16(first, second));
      }
    }
    const __m256 d = _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(group[b].d + 8 * half)));
    const __m256 m = _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(group[b].m + 8 * half)));
#pragma GCC unroll 4
    for (std::size_t v = 0; v < kVectors; ++v) {
      const VectorBlock& vector = vectors[v * blocks + b];
      const __m256 scale = _mm256_mul_ps(d, _mm256_set1_ps(_cvtsh_ss(vector.d)));
      const __m256 product = _mm256_cvtepi32_ps(_mm256_madd_epi16(products[v], ones));
      sums[v] = _mm256_fmadd_ps(scale, product, sums[v]);
      sums[v] = _mm256_fmadd_ps(m, _mm256_set1_ps(_cvtsh_ss(vector.s)), sums[v]);
    }
  }
  for (std::size_t v = 0; v < kVectors; ++v) _mm256_storeu_ps(out + v * out_stride + 8 * half, sums[v]);
}

struct Avx512 {
  static constexpr std::size_t kMost = kMostVectors;
  template <int kVectors>
  static void run(const GroupBlock* group, std::size_t blocks, const VectorBlock* vectors, float* out,
                  std::size_t out_stride) {
    multiply_avx512<kVectors>(group, blocks, vectors, out, out_stride);
  }
};

struct Avx2 {
  static constexpr std::size_t kMost = kMostVectors / 2;  // it has half the registers
  template <int kVectors>
  static void run(const GroupBlock* group, std::size_t blocks, const VectorBlock* vectors, float* out,
                  std::size_t out_stride) {
    multiply_avx2<kVectors>(group, 0, blocks, vectors, out, out_stride);
    multiply_avx2<kVectors>(group, 1, blocks, vectors, out, out_stride);
  }
};

// As many vectors at once as are left and as the path takes.
template <class Kernel, int kVectors = Kernel::kMost>
void multiply_with(const GroupBlock* group, std::size_t blocks, const VectorBlock* vectors, std::size_t vector_count,
                   float* out, std::size_t out_stride) {
  while (vector_count >= kVectors) {
    Kernel::template run<kVectors>(group, blocks, vectors, out, out_stride);
    vectors += kVectors * blocks;
    out += kVectors * out_stride;
    vector_count -= kVectors;
  }
  if constexpr (kVectors > 1) {
    if (vector_count > 0) multiply_with<Kernel, kVectors - 1>(group, blocks, vectors, vector_count, out, out_stride);
  }
}

}  // namespace

bool supported(Path path) {
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && cpu_has_f16c();
  if (path == Path::kAvx2) return avx2;
  return avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vnni");
}

void multiply(Path path, const GroupBlock* group, std::size_t blocks, const VectorBlock* vectors,
              std::size_t vector_count, float* out, std::size_t out_stride) {
  const auto run = path == Path::kAvx512Vnni ? multiply_with<Avx512> : multiply_with<Avx2>;
  run(group, blocks, vectors, vector_count, out, out_stride);
}

#else

bool supported(Path) { return false; }

void multiply(Path, const GroupBlock*, std::size_t, const VectorBlock*, std::size_t, float*, std::size_t) {
  GENEPOOL_CHECK(false, "no kernel for this CPU");
}

#endif

bool supported() { return supported(Path::kAvx2); }

Path best_path() {
  static const Path best = supported(Path::kAvx512Vnni) ? Path::kAvx512Vnni : Path::kAvx2;
  return best;
}

}  // namespace genepool::q4_1

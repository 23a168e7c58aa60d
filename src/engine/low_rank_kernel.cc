// Runs in workers, on the engine's threads.
#include "engine/low_rank_kernel.h"

#include <algorithm>
#include <cstring>

#include "base/error.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace genepool::low_rank {

#if defined(__x86_64__)
namespace {

#define GENEPOOL_AVX2 __attribute__((target("avx2,fma,f16c")))
#define GENEPOOL_AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx2,fma,f16c")))

constexpr std::size_t kColumns = 16;  // of B at a time
constexpr std::size_t kSums = 4;      // of which a column's product goes to one in turn: a chain of additions would wait for itself

// A page lies in 4 KiB pages, at whose ends the CPU stops reading ahead.
constexpr std::size_t kAhead = 1024;  // halves

inline void prefetch(const std::uint16_t* halves) { __builtin_prefetch(halves); }

const __m256i* ints(const std::uint16_t* halves) { return reinterpret_cast<const __m256i*>(halves); }
const __m128i* short_ints(const std::uint16_t* halves) { return reinterpret_cast<const __m128i*>(halves); }

// Eight registers of rows become eight of columns: an 8 x 8 transpose of 16-bit numbers within each 128 bits.
#define GENEPOOL_TRANSPOSE(mm, Ints, rows)                                                                     \
  {                                                                                                            \
    const Ints a0 = mm##_unpacklo_epi16((rows)[0], (rows)[1]), a1 = mm##_unpackhi_epi16((rows)[0], (rows)[1]); \
    const Ints a2 = mm##_unpacklo_epi16((rows)[2], (rows)[3]), a3 = mm##_unpackhi_epi16((rows)[2], (rows)[3]); \
    const Ints a4 = mm##_unpacklo_epi16((rows)[4], (rows)[5]), a5 = mm##_unpackhi_epi16((rows)[4], (rows)[5]); \
    const Ints a6 = mm##_unpacklo_epi16((rows)[6], (rows)[7]), a7 = mm##_unpackhi_epi16((rows)[6], (rows)[7]); \
    const Ints b0 = mm##_unpacklo_epi32(a0, a2), b1 = mm##_unpackhi_epi32(a0, a2);                             \
    const Ints b2 = mm##_unpacklo_epi32(a1, a3), b3 = mm##_unpackhi_epi32(a1, a3);                             \
    const Ints b4 = mm##_unpacklo_epi32(a4, a6), b5 = mm##_unpackhi_epi32(a4, a6);                             \
    const Ints b6 = mm##_unpacklo_epi32(a5, a7), b7 = mm##_unpackhi_epi32(a5, a7);                             \
    (rows)[0] = mm##_unpacklo_epi64(b0, b4), (rows)[1] = mm##_unpackhi_epi64(b0, b4);                          \
    (rows)[2] = mm##_unpacklo_epi64(b1, b5), (rows)[3] = mm##_unpackhi_epi64(b1, b5);                          \
    (rows)[4] = mm##_unpacklo_epi64(b2, b6), (rows)[5] = mm##_unpackhi_epi64(b2, b6);                          \
    (rows)[6] = mm##_unpacklo_epi64(b3, b7), (rows)[7] = mm##_unpackhi_epi64(b3, b7);                          \
  }

struct Avx512 {
  static constexpr std::size_t kVectors = 8;

  // One row, so that memory is read in its order.
  template <std::size_t kCount>
  GENEPOOL_AVX512 static void project(const std::uint16_t* a, std::size_t in, const float* vectors, std::size_t stride, float* out,
                                      std::size_t out_stride) {
    __m512 sums[kCount][2];
    for (auto& of_vector : sums) of_vector[0] = of_vector[1] = _mm512_setzero_ps();
    for (std::size_t k = 0; k < in; k += 32) {
      prefetch(a + k + kAhead);
#pragma GCC unroll 2
      for (std::size_t i = 0; i < 2; ++i) {
        const __m512 weights = _mm512_cvtph_ps(_mm256_loadu_si256(ints(a + k + 16 * i)));
#pragma GCC unroll 8
        for (std::size_t v = 0; v < kCount; ++v) {
          sums[v][i] = _mm512_fmadd_ps(weights, _mm512_loadu_ps(vectors + v * stride + k + 16 * i), sums[v][i]);
        }
      }
    }
    for (std::size_t v = 0; v < kCount; ++v) out[v * out_stride] = _mm512_reduce_add_ps(_mm512_add_ps(sums[v][0], sums[v][1]));
  }

  // 16 rows of 16 halves, `stride` halves apart.
  GENEPOOL_AVX512 static void add(const std::uint16_t* b, std::size_t stride, std::size_t columns, const float* projected,
                                  std::size_t rank, std::size_t count, float* out, std::size_t out_stride) {
    __m512i rows[8];
#pragma GCC unroll 8
    for (std::size_t i = 0; i < 8; ++i) {
      prefetch(b + (i + 16) * stride);
      prefetch(b + (i + 24) * stride);
      const __m512i upper = _mm512_castsi256_si512(_mm256_loadu_si256(ints(b + i * stride)));
      rows[i] = _mm512_inserti64x4(upper, _mm256_loadu_si256(ints(b + (i + 8) * stride)), 1);
    }
    GENEPOOL_TRANSPOSE(_mm512, __m512i, rows)
    __m512 weights[kColumns];
#pragma GCC unroll 8
    for (std::size_t i = 0; i < 8; ++i) {
      const __m512i pair = _mm512_shuffle_i64x2(rows[i], rows[i], _MM_SHUFFLE(3, 1, 2, 0));
      weights[i] = _mm512_cvtph_ps(_mm512_castsi512_si256(pair));
      weights[8 + i] = _mm512_cvtph_ps(_mm512_extracti64x4_epi64(pair, 1));
    }
    for (std::size_t v = 0; v < count; ++v) {
      const float* x = projected + v * rank;
      __m512 sums[kSums] = {_mm512_loadu_ps(out + v * out_stride), _mm512_setzero_ps(), _mm512_setzero_ps(), _mm512_setzero_ps()};
      if (columns == kColumns) {
#pragma GCC unroll 16
        for (std::size_t c = 0; c < kColumns; ++c) sums[c % kSums] = _mm512_fmadd_ps(weights[c], _mm512_set1_ps(x[c]), sums[c % kSums]);
      } else {
        for (std::size_t c = 0; c < columns; ++c) sums[c % kSums] = _mm512_fmadd_ps(weights[c], _mm512_set1_ps(x[c]), sums[c % kSums]);
      }
      _mm512_storeu_ps(out + v * out_stride, _mm512_add_ps(_mm512_add_ps(sums[0], sums[1]), _mm512_add_ps(sums[2], sums[3])));
    }
  }
};

struct Avx2 {
  static constexpr std::size_t kVectors = 2;  // it has half the registers

  template <std::size_t kCount>
  GENEPOOL_AVX2 static void project(const std::uint16_t* a, std::size_t in, const float* vectors, std::size_t stride, float* out,
                                    std::size_t out_stride) {
    __m256 sums[kCount][4];
    for (auto& of_vector : sums) of_vector[0] = of_vector[1] = of_vector[2] = of_vector[3] = _mm256_setzero_ps();
    for (std::size_t k = 0; k < in; k += 32) {
      prefetch(a + k + kAhead);
#pragma GCC unroll 4
      for (std::size_t i = 0; i < 4; ++i) {
        const __m256 weights = _mm256_cvtph_ps(_mm_loadu_si128(short_ints(a + k + 8 * i)));
#pragma GCC unroll 2
        for (std::size_t v = 0; v < kCount; ++v) {
          sums[v][i] = _mm256_fmadd_ps(weights, _mm256_loadu_ps(vectors + v * stride + k + 8 * i), sums[v][i]);
        }
      }
    }
    for (std::size_t v = 0; v < kCount; ++v) {
      out[v * out_stride] = total(_mm256_add_ps(_mm256_add_ps(sums[v][0], sums[v][1]), _mm256_add_ps(sums[v][2], sums[v][3])));
    }
  }

  GENEPOOL_AVX2 static void add(const std::uint16_t* b, std::size_t stride, std::size_t columns, const float* projected, std::size_t rank,
                                std::size_t count, float* out, std::size_t out_stride) {
    for (std::size_t half = 0; half < 2; ++half) {
      add_half(b + 8 * half * stride, stride, columns, projected, rank, count, out + 8 * half, out_stride);
    }
  }

 private:
  GENEPOOL_AVX2 static float total(__m256 sum) {
    __m128 four = _mm_add_ps(_mm256_castps256_ps128(sum), _mm256_extractf128_ps(sum, 1));
    four = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_add_ss(four, _mm_movehdup_ps(four)));
  }

  GENEPOOL_AVX2 static void add_half(const std::uint16_t* b, std::size_t stride, std::size_t columns, const float* projected,
                                     std::size_t rank, std::size_t count, float* out, std::size_t out_stride) {
    __m256i rows[8];
#pragma GCC unroll 8
    for (std::size_t i = 0; i < 8; ++i) rows[i] = _mm256_loadu_si256(ints(b + i * stride));
    GENEPOOL_TRANSPOSE(_mm256, __m256i, rows)
    __m256 weights[kColumns];
#pragma GCC unroll 8
    for (std::size_t i = 0; i < 8; ++i) {
      weights[i] = _mm256_cvtph_ps(_mm256_castsi256_si128(rows[i]));
      weights[8 + i] = _mm256_cvtph_ps(_mm256_extracti128_si256(rows[i], 1));
    }
    for (std::size_t v = 0; v < count; ++v) {
      const float* x = projected + v * rank;
      __m256 sums[kSums] = {_mm256_loadu_ps(out + v * out_stride), _mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps()};
      for (std::size_t c = 0; c < columns; ++c) sums[c % kSums] = _mm256_fmadd_ps(weights[c], _mm256_set1_ps(x[c]), sums[c % kSums]);
      _mm256_storeu_ps(out + v * out_stride, _mm256_add_ps(_mm256_add_ps(sums[0], sums[1]), _mm256_add_ps(sums[2], sums[3])));
    }
  }
};

template <class Kernel>
void project_with(const std::uint16_t* a, std::size_t in, std::size_t first, std::size_t last, const float* vectors, std::size_t stride,
                  std::size_t count, float* out, std::size_t out_stride) {
  std::size_t v = 0;
  for (; v + Kernel::kVectors <= count; v += Kernel::kVectors) {
    for (std::size_t r = first; r < last; ++r) {
      Kernel::template project<Kernel::kVectors>(a + r * in, in, vectors + v * stride, stride, out + v * out_stride + r, out_stride);
    }
  }
  for (; v < count; ++v) {
    for (std::size_t r = first; r < last; ++r) {
      Kernel::template project<1>(a + r * in, in, vectors + v * stride, stride, out + v * out_stride + r, out_stride);
    }
  }
}

// Columns beyond the last whole sixteen are copied to where sixteen may be read.
template <class Kernel>
void add_with(const std::uint16_t* b, std::size_t rank, const float* projected, std::size_t count, float* out, std::size_t out_stride) {
  std::size_t column = 0;
  for (; column + kColumns <= rank; column += kColumns) {
    Kernel::add(b + column, rank, kColumns, projected + column, rank, count, out, out_stride);
  }
  if (column == rank) return;
  std::uint16_t last[kGroup * kColumns] = {};
  for (std::size_t row = 0; row < kGroup; ++row) {
    std::memcpy(last + row * kColumns, b + row * rank + column, (rank - column) * sizeof *last);
  }
  Kernel::add(last, kColumns, rank - column, projected + column, rank, count, out, out_stride);
}

}  // namespace

void project(Path path, const std::uint16_t* a, std::size_t in, std::size_t first, std::size_t last, const float* vectors,
             std::size_t stride, std::size_t count, float* out, std::size_t out_stride) {
  const auto run = path == Path::kAvx512Vnni ? project_with<Avx512> : project_with<Avx2>;
  run(a, in, first, last, vectors, stride, count, out, out_stride);
}

void add(Path path, const std::uint16_t* b, std::size_t rank, const float* projected, std::size_t count, float* out,
         std::size_t out_stride) {
  const auto run = path == Path::kAvx512Vnni ? add_with<Avx512> : add_with<Avx2>;
  run(b, rank, projected, count, out, out_stride);
}

#else

void project(Path, const std::uint16_t*, std::size_t, std::size_t, std::size_t, const float*, std::size_t, std::size_t, float*,
             std::size_t) {
  GENEPOOL_CHECK(false, "no kernel for this CPU");
}

void add(Path, const std::uint16_t*, std::size_t, const float*, std::size_t, float*, std::size_t) {
  GENEPOOL_CHECK(false, "no kernel for this CPU");
}

#endif

}  // namespace genepool::low_rank

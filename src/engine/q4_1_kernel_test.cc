#include "engine/q4_1_kernel.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "genome/half.h"

namespace genepool::q4_1 {
namespace {

constexpr std::size_t kRows = 48, kBlocks = 18;

std::uint16_t half_of(float value) {
  std::uint16_t half = 0;
  f32_to_f16({&value, 1}, {&half, 1});
  return half;
}

double value_of(std::uint16_t half) {
  float value = 0;
  f16_to_f32({&half, 1}, {&value, 1});
  return value;
}

struct Case {
  std::vector<WeightBlock> weights;
  std::vector<GroupBlock> packed;
  std::vector<VectorBlock> vectors;
};

// Random numbers; with `extreme` every number is the largest of its kind, so that a sum in too few bits overflows.
Case make_case(std::size_t vectors, bool extreme) {
  std::mt19937 random(7);  // NOLINT: the same every time
  const auto scale = [&] { return half_of(extreme ? 1.0F : std::uniform_real_distribution<float>(-1, 1)(random)); };
  Case made{std::vector<WeightBlock>(kRows * kBlocks), std::vector<GroupBlock>(kRows * kBlocks / kGroup),
            std::vector<VectorBlock>(vectors * kBlocks)};
  for (WeightBlock& block : made.weights) {
    block = {scale(), scale(), {}};
    for (auto& byte : block.q) byte = static_cast<std::uint8_t>(extreme ? 255 : random() & 255);
  }
  for (VectorBlock& block : made.vectors) {
    block = {scale(), 0, {}};
    int sum = 0;
    for (auto& q : block.q) {
      q = static_cast<std::int8_t>(extreme ? -128 : static_cast<int>(random() & 255) - 128);
      sum += q;
    }
    block.s = half_of(static_cast<float>(value_of(block.d)) * static_cast<float>(sum));
  }
  pack(made.weights, kBlocks, made.packed);
  return made;
}

// By the definition of the formats, in double; `size` is the sum of the magnitudes, for the tolerance.
double product(const Case& given, std::size_t row, std::size_t vector, double& size) {
  double sum = size = 0;
  for (std::size_t b = 0; b < kBlocks; ++b) {
    const WeightBlock& w = given.weights[row * kBlocks + b];
    const VectorBlock& x = given.vectors[vector * kBlocks + b];
    double dot = 0;
    for (std::size_t i = 0; i < kBlock; ++i) dot += (i < 16 ? w.q[i] & 15 : w.q[i - 16] >> 4) * x.q[i];
    const double scaled = value_of(w.d) * value_of(x.d) * dot, offset = value_of(w.m) * value_of(x.s);
    sum += scaled + offset;
    size += std::fabs(scaled) + std::fabs(offset);
  }
  return sum;
}

class Q41Kernel : public testing::TestWithParam<Path> {
 protected:
  void SetUp() override {
    if (!supported(GetParam())) GTEST_SKIP() << "this CPU lacks the instructions";
  }
  static std::vector<float> run(const Case& given, std::size_t first, std::size_t count) {
    std::vector<float> out(count * kRows, NAN);
    for (std::size_t group = 0; group < kRows / kGroup; ++group) {
      multiply(GetParam(), given.packed.data() + group * kBlocks, kBlocks, given.vectors.data() + first * kBlocks, count,
               out.data() + group * kGroup, kRows);
    }
    return out;
  }
};

TEST_P(Q41Kernel, IsTheProductOfTheFormats) {
  for (const bool extreme : {false, true}) {
    for (std::size_t count = 1; count <= 19; ++count) {
      const Case given = make_case(count, extreme);
      const std::vector<float> out = run(given, 0, count);
      for (std::size_t vector = 0; vector < count; ++vector) {
        for (std::size_t row = 0; row < kRows; ++row) {
          double size = 0;
          const double expected = product(given, row, vector, size);
          ASSERT_NEAR(out[vector * kRows + row], expected, 1e-6 * size) << count << " vectors: " << row << ", " << vector;
        }
      }
    }
  }
}

TEST_P(Q41Kernel, AVectorsResultDoesNotDependOnItsCompany) {
  const Case given = make_case(19, false);
  const std::vector<float> together = run(given, 0, 19);
  for (std::size_t vector = 0; vector < 19; ++vector) {
    const std::vector<float> alone = run(given, vector, 1);
    for (std::size_t row = 0; row < kRows; ++row) ASSERT_EQ(alone[row], together[vector * kRows + row]);
  }
}

INSTANTIATE_TEST_SUITE_P(Paths, Q41Kernel, testing::Values(Path::kAvx512Vnni, Path::kAvx2),
                         [](const auto& path) { return path.param == Path::kAvx2 ? "Avx2" : "Avx512Vnni"; });

}  // namespace
}  // namespace genepool::q4_1

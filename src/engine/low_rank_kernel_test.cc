#include "engine/low_rank_kernel.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "genome/half.h"

namespace genepool::low_rank {
namespace {

constexpr std::size_t kIn = 96, kOut = 32, kCount = 11;

struct Matrix {
  std::vector<std::uint16_t> halves;
  std::vector<float> values;
};

std::vector<float> random_floats(std::size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> between(-1, 1);
  std::vector<float> values(count);
  for (float& value : values) value = between(random);
  return values;
}

Matrix random_matrix(std::size_t count, unsigned seed) {
  Matrix made{std::vector<std::uint16_t>(count), random_floats(count, seed)};
  f32_to_f16(made.values, made.halves);
  f16_to_f32(made.halves, made.values);
  return made;
}

class LowRank : public testing::TestWithParam<std::tuple<Path, std::size_t>> {
 protected:
  void SetUp() override {
    if (!q4_1::supported(path())) GTEST_SKIP() << "this CPU lacks the instructions";
  }
  static Path path() { return std::get<0>(GetParam()); }
  static std::size_t rank() { return std::get<1>(GetParam()); }

  std::vector<float> projected(std::size_t first_vector, std::size_t count, std::size_t threads) const {
    std::vector<float> out(count * rank(), NAN);
    for (std::size_t t = 0; t < threads; ++t) {
      project(path(), a_.halves.data(), kIn, rank() * t / threads, rank() * (t + 1) / threads, x_.data() + first_vector * kIn, kIn, count,
              out.data(), rank());
    }
    return out;
  }

  std::vector<float> sum(std::size_t first_vector, std::size_t count) const {
    std::vector<float> out(y_.begin() + static_cast<std::ptrdiff_t>(first_vector * kOut),
                           y_.begin() + static_cast<std::ptrdiff_t>((first_vector + count) * kOut));
    const std::vector<float> between = projected(first_vector, count, 1);
    for (std::size_t row = 0; row < kOut; row += kGroup) {
      add(path(), b_.halves.data() + row * rank(), rank(), between.data(), count, out.data() + row, kOut);
    }
    return out;
  }

  const Matrix a_ = random_matrix(rank() * kIn, 1), b_ = random_matrix(kOut * rank(), 2);
  const std::vector<float> x_ = random_floats(kCount * kIn, 3), y_ = random_floats(kCount * kOut, 4);
};

TEST_P(LowRank, AddsTheProductOfBothMatrices) {
  const std::vector<float> found = sum(0, kCount);
  for (std::size_t v = 0; v < kCount; ++v) {
    for (std::size_t row = 0; row < kOut; ++row) {
      double expected = y_[v * kOut + row];
      double size = std::fabs(expected);
      for (std::size_t r = 0; r < rank(); ++r) {
        double between = 0;
        for (std::size_t k = 0; k < kIn; ++k) between += static_cast<double>(a_.values[r * kIn + k]) * x_[v * kIn + k];
        expected += between * b_.values[row * rank() + r];
        size += std::fabs(between * b_.values[row * rank() + r]);
      }
      ASSERT_NEAR(found[v * kOut + row], expected, 2e-6 * size) << "vector " << v << ", row " << row;
    }
  }
}

TEST_P(LowRank, AVectorsResultDoesNotDependOnItsCompany) {
  const std::vector<float> together = sum(0, kCount);
  for (std::size_t v = 0; v < kCount; ++v) {
    const std::vector<float> alone = sum(v, 1);
    for (std::size_t row = 0; row < kOut; ++row) ASSERT_EQ(alone[row], together[v * kOut + row]) << v;
  }
}

TEST_P(LowRank, ThreadsShareTheRowsOfA) {
  EXPECT_EQ(projected(0, kCount, 1), projected(0, kCount, 2));
  EXPECT_EQ(projected(0, kCount, 1), projected(0, kCount, 5));
}

INSTANTIATE_TEST_SUITE_P(PathsAndRanks, LowRank,
                         testing::Combine(testing::Values(Path::kAvx512Vnni, Path::kAvx2), testing::Values(1, 4, 8, 16, 19, 64)),
                         [](const auto& at) {
                           return (std::get<0>(at.param) == Path::kAvx2 ? "Avx2Rank" : "Avx512Rank") + std::to_string(std::get<1>(at.param));
                         });

}  // namespace
}  // namespace genepool::low_rank

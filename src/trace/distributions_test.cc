#include "trace/distributions.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

namespace genepool {
namespace {

struct Moments {
  double mean = 0, variance = 0;
};

Moments moments(const std::function<double(Random&)>& draw) {
  constexpr int kDraws = 200'000;
  Random random(5);
  double sum = 0, squares = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double x = draw(random);
    sum += x;
    squares += x * x;
  }
  const double mean = sum / kDraws;
  return {mean, squares / kDraws - mean * mean};
}

void expect_moments(const Moments& found, double mean, double variance) {
  EXPECT_NEAR(found.mean, mean, 0.02 * (mean + 1));
  EXPECT_NEAR(found.variance, variance, 0.05 * variance);
}

TEST(Distributions, exponential_and_normal_have_their_moments) {
  expect_moments(moments(exponential), 1, 1);
  expect_moments(moments(normal), 0, 1);
}

TEST(Distributions, gamma_has_its_shape_as_mean_and_variance) {
  for (const double shape : {1.0 / 16, 0.5, 1.0, 3.0, 40.0}) {
    SCOPED_TRACE(shape);
    expect_moments(moments([&](Random& random) { return gamma(random, shape); }), shape, shape);
  }
}

TEST(Distributions, weibull_has_its_moments) {
  for (const double shape : {0.6, 1.0, 2.0}) {
    SCOPED_TRACE(shape);
    const double mean = std::tgamma(1 + 1 / shape);
    const double variance = std::tgamma(1 + 2 / shape) - mean * mean;
    expect_moments(moments([&](Random& random) { return weibull(random, shape); }), mean, variance);
  }
}

TEST(Distributions, lognormal_is_the_exponential_of_a_normal) {
  expect_moments(moments([](Random& random) { return std::log(lognormal(random, 4.175, 1.5)); }), 4.175, 2.25);
}

TEST(Distributions, geometric_counts_from_1_with_its_mean) {
  for (const double mean : {2.5, 15.0}) {
    SCOPED_TRACE(mean);
    expect_moments(moments([&](Random& random) { return static_cast<double>(geometric(random, mean)); }), mean, mean * (mean - 1));
  }
  Random random(1);
  for (int i = 0; i < 100; ++i) ASSERT_EQ(geometric(random, 1), 1U);
}

TEST(Distributions, a_seed_gives_the_same_numbers) {
  Random one(9), other(9);
  for (int i = 0; i < 100; ++i) ASSERT_EQ(gamma(one, 0.3), gamma(other, 0.3));
}

}  // namespace
}  // namespace genepool

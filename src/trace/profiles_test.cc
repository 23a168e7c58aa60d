#include "trace/profiles.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include "trace/belady.h"
#include "trace/generate.h"
#include "trace/stack_distance.h"

namespace genepool {
namespace {

constexpr std::array<std::uint32_t, 4> kPlaces{3, 5, 10, 20};
constexpr std::uint64_t kSeeds = 8;

Trace trace_of(std::string_view profile, const GenerateOptions& options) { return generate(*find_profile(profile), options).value(); }

struct Ratios {
  std::array<double, 4> lru{}, min{};
};

Ratios mean_ratios(std::string_view profile, std::optional<double> cv = std::nullopt) {
  Ratios ratios;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const std::vector<std::uint32_t> uses = genome_uses(trace_of(profile, {.seed = seed, .cv = cv}));
    const std::vector<std::uint64_t> lru = lru_misses(uses, kPlaces.back());
    const double all = static_cast<double>(uses.size()) * kSeeds;
    for (std::size_t i = 0; i < kPlaces.size(); ++i) {
      ratios.lru.at(i) += static_cast<double>(lru[kPlaces.at(i)]) / all;
      ratios.min.at(i) += static_cast<double>(min_misses(uses, kPlaces.at(i))) / all;
    }
  }
  return ratios;
}

void expect_near(std::string_view what, const std::array<double, 4>& found, const std::array<double, 4>& wanted) {
  fmt::print("{:24}", what);
  for (std::size_t i = 0; i < found.size(); ++i) {
    fmt::print("  {:.3f} ({:.3f} {:+.1f} %)", found.at(i), wanted.at(i), 100 * (found.at(i) / wanted.at(i) - 1));
    EXPECT_NEAR(found.at(i) / wanted.at(i), 1, 0.05) << what << " at k = " << kPlaces.at(i);
  }
  fmt::print("\n");
}

// The profiles were fitted to logs by another generator of the same process: its miss ratios, means of eight seeds.
TEST(Profiles, they_miss_as_they_were_fitted_to) {
  struct Row {
    std::string_view profile;
    std::array<double, 4> lru, min;
  };
  constexpr std::array<Row, 5> kRows{{
      {"model-skew", {.451, .268, .109, .041}, {.309, .167, .063, .022}},
      {"drift", {.481, .299, .134, .060}, {.331, .187, .080, .033}},
      {"persona-sessions", {.618, .444, .272, .233}, {.443, .304, .223, .200}},
      {"lora-head", {.322, .202, .160, .142}, {.238, .162, .124, .099}},
      {"slora-0.3", {.955, .927, .864, .758}, {.822, .741, .619, .483}},
  }};
  fmt::print("misses at k = 3, 5, 10, 20: found (fitted to, difference)\n");
  for (const Row& row : kRows) {
    const Ratios found = mean_ratios(row.profile);
    expect_near(fmt::format("{} LRU", row.profile), found.lru, row.lru);
    expect_near(fmt::format("{} MIN", row.profile), found.min, row.min);
  }
}

// Shares of the requests, means of eight seeds.
struct Shape {
  double top_1 = 0, top_5 = 0, top_10 = 0, first_uses = 0, same_as_last = 0, genomes = 0;
};

Shape shape_of(const Trace& trace) {
  std::vector<double> counts(trace.genomes.size());
  std::map<std::uint32_t, std::uint32_t> last_of_user;
  double same = 0, returned = 0;
  for (const TraceRequest& request : trace.requests) {
    counts[request.genome] += 1 / static_cast<double>(trace.requests.size());
    const auto [last, is_new] = last_of_user.try_emplace(request.user, request.genome);
    if (!is_new) {
      ++returned;
      if (last->second == request.genome) ++same;
    }
    last->second = request.genome;
  }
  std::ranges::sort(counts, std::greater<>());
  Shape shape;
  for (std::size_t i = 0; i < 10; ++i) {
    if (i < 1) shape.top_1 += counts[i];
    if (i < 5) shape.top_5 += counts[i];
    shape.top_10 += counts[i];
  }
  shape.genomes = static_cast<double>(counts.size());
  shape.first_uses = shape.genomes / static_cast<double>(trace.requests.size());
  shape.same_as_last = same / returned;
  return shape;
}

Shape mean_shape(std::string_view profile) {
  Shape mean;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const Shape one = shape_of(trace_of(profile, {.seed = seed}));
    for (double Shape::*part : {&Shape::top_1, &Shape::top_5, &Shape::top_10, &Shape::first_uses, &Shape::same_as_last, &Shape::genomes}) {
      mean.*part += one.*part / kSeeds;
    }
  }
  fmt::print("{:17} top 1/5/10 {:.3f} {:.3f} {:.3f}, first uses {:.3f}, same as the user's last {:.3f}, genomes {:.0f}\n", profile, mean.top_1,
             mean.top_5, mean.top_10, mean.first_uses, mean.same_as_last, mean.genomes);
  return mean;
}

TEST(Profiles, popularity_first_uses_and_loyalty_are_those_of_the_logs) {
  const Shape skew = mean_shape("model-skew");
  EXPECT_NEAR(skew.top_1, 0.34, 0.02);
  EXPECT_NEAR(skew.top_5, 0.71, 0.02);
  EXPECT_NEAR(skew.top_10, 0.86, 0.02);
  EXPECT_NEAR(skew.same_as_last, 0.705, 0.02);
  const Shape persona = mean_shape("persona-sessions");
  EXPECT_NEAR(persona.first_uses, 0.13, 0.01);
  EXPECT_NEAR(persona.top_10, 0.145, 0.01);
  const Shape head = mean_shape("lora-head");
  EXPECT_NEAR(head.genomes, 835, 25);
  EXPECT_NEAR(head.top_10, 0.27, 0.02);
}

TEST(Profiles, bursts_cost_misses) {
  const Ratios skew = mean_ratios("model-skew", 8);
  const Ratios persona = mean_ratios("persona-sessions", 8);
  fmt::print("cv 8, LRU at k = 5, 10: model-skew {:.3f} {:.3f}, persona-sessions {:.3f} {:.3f}\n", skew.lru[1], skew.lru[2], persona.lru[1],
             persona.lru[2]);
  EXPECT_NEAR(skew.lru[1] / 0.329, 1, 0.05);
  EXPECT_NEAR(skew.lru[2] / 0.132, 1, 0.05);
  EXPECT_NEAR(persona.lru[1] / 0.735, 1, 0.05);
  EXPECT_NEAR(persona.lru[2] / 0.566, 1, 0.05);
}

}  // namespace
}  // namespace genepool

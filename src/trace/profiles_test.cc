#include "trace/profiles.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <array>
#include <optional>

#include "trace/belady.h"
#include "trace/generate.h"
#include "trace/stack_distance.h"
#include "trace/trace_info.h"

namespace genepool {
namespace {

constexpr std::array<std::uint32_t, 4> kPlaces{3, 5, 10, 20};
constexpr std::uint64_t kSeeds = 8;

Trace trace_of(std::string_view profile, const TraceOptions& options) {
  return generate(*find_profile(profile), options).value();
}

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

TraceInfo mean_info(std::string_view profile) {
  TraceInfo mean;
  double genomes = 0;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const TraceInfo one = trace_info(trace_of(profile, {.seed = seed}));
    for (double TraceInfo::*part : {&TraceInfo::top_1_share, &TraceInfo::top_5_share, &TraceInfo::top_10_share,
                                    &TraceInfo::first_use_share, &TraceInfo::same_as_last}) {
      mean.*part += one.*part / kSeeds;
    }
    genomes += static_cast<double>(one.genomes) / kSeeds;
  }
  mean.genomes = static_cast<std::uint64_t>(genomes);
  fmt::print("{:17} top 1/5/10 {:.3f} {:.3f} {:.3f}, first uses {:.3f}, same as the user's last {:.3f}, genomes {}\n", profile,
             mean.top_1_share, mean.top_5_share, mean.top_10_share, mean.first_use_share, mean.same_as_last, mean.genomes);
  return mean;
}

TEST(Profiles, popularity_first_uses_and_loyalty_are_those_of_the_logs) {
  const TraceInfo skew = mean_info("model-skew");
  EXPECT_NEAR(skew.top_1_share, 0.34, 0.02);
  EXPECT_NEAR(skew.top_5_share, 0.71, 0.02);
  EXPECT_NEAR(skew.top_10_share, 0.86, 0.02);
  EXPECT_NEAR(skew.same_as_last, 0.705, 0.02);
  const TraceInfo persona = mean_info("persona-sessions");
  EXPECT_NEAR(persona.first_use_share, 0.13, 0.01);
  EXPECT_NEAR(persona.top_10_share, 0.145, 0.01);
  const TraceInfo head = mean_info("lora-head");
  EXPECT_NEAR(static_cast<double>(head.genomes), 835, 25);
  EXPECT_NEAR(head.top_10_share, 0.27, 0.02);
}

TEST(Profiles, bursts_cost_misses) {
  const Ratios skew = mean_ratios("model-skew", 8);
  const Ratios persona = mean_ratios("persona-sessions", 8);
  fmt::print("cv 8, LRU at k = 5, 10: model-skew {:.3f} {:.3f}, persona-sessions {:.3f} {:.3f}\n", skew.lru[1], skew.lru[2],
             persona.lru[1], persona.lru[2]);
  EXPECT_NEAR(skew.lru[1] / 0.329, 1, 0.05);
  EXPECT_NEAR(skew.lru[2] / 0.132, 1, 0.05);
  EXPECT_NEAR(persona.lru[1] / 0.735, 1, 0.05);
  EXPECT_NEAR(persona.lru[2] / 0.566, 1, 0.05);
}

}  // namespace
}  // namespace genepool

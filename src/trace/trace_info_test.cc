#include "trace/trace_info.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string_view>

#include "trace/generate.h"

namespace genepool {
namespace {

// Genomes by letter, a request each `gap_s`; all by one user when `has_user`.
Trace trace_of(std::string_view letters, double gap_s, bool has_user = false) {
  Trace trace;
  if (has_user) trace.users.emplace_back("u");
  for (const char letter : letters) {
    const auto genome = static_cast<std::uint32_t>(letter - 'A');
    if (genome == trace.genomes.size()) trace.genomes.push_back({.name = std::string(1, letter)});
    const double t_seconds = gap_s * static_cast<double>(trace.requests.size());
    trace.requests.push_back({.t_seconds = t_seconds, .genome = genome, .user = has_user ? 0 : kNoUser});
  }
  return trace;
}

TEST(TraceInfo, the_golden_string) {
  const TraceInfo info = trace_info(trace_of("ABCADABEABCDEFAABGCDABHBACIABD", 60));
  EXPECT_EQ(info.requests, 30U);
  EXPECT_EQ(info.genomes, 9U);
  EXPECT_EQ(info.users, 0U);
  EXPECT_EQ(info.duration_s, 29 * 60);
  EXPECT_DOUBLE_EQ(info.first_use_share, 9.0 / 30);
  EXPECT_DOUBLE_EQ(info.top_1_share, 9.0 / 30);  // 9 A, 7 B, 4 C, 4 D, 2 E, one each of F, G, H, I
  EXPECT_DOUBLE_EQ(info.top_5_share, 26.0 / 30);
  EXPECT_DOUBLE_EQ(info.top_10_share, 1);
  EXPECT_DOUBLE_EQ(info.gap_cv, 0);
  EXPECT_DOUBLE_EQ(info.lru_curve[4], 20.0 / 30);
  EXPECT_EQ(info.lru_curve.size(), kInfoCurve + 1);
  EXPECT_DOUBLE_EQ(info.lru[2], 22.0 / 30);
  EXPECT_DOUBLE_EQ(info.min[2], 16.0 / 30);
  EXPECT_DOUBLE_EQ(info.min[3], 9.0 / 30);
}

TEST(TraceInfo, nothing_is_all_zeros) {
  const TraceInfo info = trace_info({});
  EXPECT_EQ(info.requests, 0U);
  EXPECT_EQ(info.gap_cv + info.dispersion + info.same_as_last + info.rank_exponent, 0);
  EXPECT_EQ(info.lru_curve.size(), kInfoCurve + 1);
  EXPECT_EQ(trace_info(trace_of("A", 1)).rank_exponent, 0);
}

TEST(TraceInfo, sessions_end_after_ten_minutes) {
  Trace trace = trace_of("AABAA", 0, true);
  for (std::size_t i = 0; i < 5; ++i) trace.requests[i].t_seconds = std::array{0.0, 600.0, 1100.0, 1201.0, 1802.0}.at(i);
  const TraceInfo info = trace_info(trace);
  EXPECT_EQ(info.by_user.sessions, 2U) << "601 s before the last";
  EXPECT_DOUBLE_EQ(info.by_user.mean_requests, 2.5);
  EXPECT_EQ(info.by_genome.sessions, 4U) << "A A | A | A and B";
  EXPECT_DOUBLE_EQ(info.same_as_last, 2.0 / 4);
}

// 3 requests in the first minute, none in the second, 1 in the third: mean 4/3, variance (9 + 0 + 1) / 3 - 16/9.
TEST(TraceInfo, dispersion_counts_empty_minutes) {
  Trace trace = trace_of("AAAA", 1);
  trace.requests[3].t_seconds = 121;
  EXPECT_NEAR(trace_info(trace).dispersion, (10.0 / 3 - 16.0 / 9) / (4.0 / 3), 1e-12);
}

TEST(TraceInfo, the_exponent_of_independent_draws_is_found) {
  const TraceInfo info = trace_info(generate(*find_profile("slora-0.3"), {}).value());
  EXPECT_NEAR(info.rank_exponent, 0.7, 0.02);
  EXPECT_NEAR(info.gap_cv, 4, 0.2);
  EXPECT_NEAR(trace_info(trace_of("ABCABCABC", 1)).rank_exponent, 0, 1e-6) << "all alike";
}

TEST(TraceInfo, a_twin_is_described_as_its_log) {
  const TraceInfo info = trace_info(generate(*find_profile("model-skew"), {}).value());
  EXPECT_NEAR(info.top_5_share, 0.71, 0.03);
  EXPECT_NEAR(info.same_as_last, 0.71, 0.03);
  EXPECT_GT(info.dispersion, 1.5) << "conversations and hours of the day";
  EXPECT_TRUE(std::ranges::is_sorted(info.lru_curve, std::greater<>()));
  for (std::size_t i = 0; i < kInfoPlaces.size(); ++i) EXPECT_LE(info.min.at(i), info.lru.at(i));
}

}  // namespace
}  // namespace genepool

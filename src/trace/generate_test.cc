#include "trace/generate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace genepool {
namespace {

constexpr std::uint64_t kSeeds = 8;

Trace trace_of(std::string_view profile, const TraceOptions& options) {
  return generate(*find_profile(profile), options).value();
}

void expect_well_formed(const Trace& trace) {
  double last = 0;
  std::vector<bool> is_used(trace.genomes.size());
  std::size_t first_uses = 0;
  for (const TraceRequest& request : trace.requests) {
    ASSERT_GE(request.t_seconds, last);
    ASSERT_TRUE(std::isfinite(request.t_seconds));
    last = request.t_seconds;
    ASSERT_LT(request.genome, trace.genomes.size());
    if (!is_used[request.genome]) {
      ASSERT_EQ(request.genome, first_uses++) << "genomes stand in the order of their first use";
    }
    is_used[request.genome] = true;
    ASSERT_TRUE(request.user == kNoUser || request.user < trace.users.size());
  }
  EXPECT_EQ(first_uses, trace.genomes.size());
}

TEST(Generate, a_trace_is_well_formed_and_as_long_as_asked) {
  for (const Profile& profile : profiles()) {
    SCOPED_TRACE(profile.name);
    const Trace trace = trace_of(profile.name, {});
    EXPECT_EQ(trace.requests.size(), profile.requests);
    expect_well_formed(trace);
    EXPECT_EQ(trace_of(profile.name, {.requests = 7}).requests.size(), 7U);
  }
  EXPECT_EQ(find_profile("none"), nullptr);
}

bool is_equal(const Trace& one, const Trace& other) {
  return std::ranges::equal(one.requests, other.requests, [](const TraceRequest& a, const TraceRequest& b) {
    return a.t_seconds == b.t_seconds && a.genome == b.genome && a.user == b.user;
  });
}

TEST(Generate, a_seed_decides_everything) {
  for (const Profile& profile : profiles()) {
    const Trace trace = trace_of(profile.name, {.seed = 4, .requests = 2'000});
    EXPECT_TRUE(is_equal(trace, trace_of(profile.name, {.seed = 4, .requests = 2'000})));
    EXPECT_FALSE(is_equal(trace, trace_of(profile.name, {.seed = 5, .requests = 2'000})));
    EXPECT_TRUE(is_equal(trace, trace_of(profile.name, {.seed = 4, .phases = {{2'000, profile.rate}}}))) << "one phase is no step";
  }
}

TEST(Generate, the_load_follows_the_hours_of_the_day) {
  std::array<double, 24> count{};
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    for (const TraceRequest& request : trace_of("persona-sessions", {.seed = seed}).requests) {
      ++count.at(static_cast<std::size_t>(std::fmod(request.t_seconds / 3600, 24)));
    }
  }
  double night = 0, afternoon = 0;
  for (std::size_t i = 2; i < 5; ++i) night += count.at(i);
  for (std::size_t i = 14; i < 17; ++i) afternoon += count.at(i);
  EXPECT_NEAR(night / afternoon, 0.2 / 1.57, 0.05);
}

double requests_per_second(const Trace& trace, std::size_t first, std::size_t last) {
  return static_cast<double>(last - first) / (trace.requests[last].t_seconds - trace.requests[first].t_seconds);
}

TEST(Generate, a_step_of_the_load_comes_where_it_was_asked_for) {
  for (const bool is_up : {true, false}) {
    double before = 0, after = 0;
    for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
      TraceOptions options{.seed = seed, .has_day = false, .phases = {{6'000, 0.003}, {20'000, 0.0106}}};
      if (!is_up) std::swap(options.phases[0].rate, options.phases[1].rate);
      const Trace trace = trace_of("model-skew", options);
      ASSERT_EQ(trace.requests.size(), 26'000U);
      expect_well_formed(trace);
      before += requests_per_second(trace, 500, 5'999) / kSeeds;
      after += requests_per_second(trace, 6'500, 25'999) / kSeeds;
    }
    EXPECT_NEAR(std::max(before, after) / std::min(before, after), 0.0106 / 0.003, 0.25);
    EXPECT_EQ(after > before, is_up);
  }
}

TEST(Generate, speed_divides_all_times) {
  const Trace slow = trace_of("drift", {.requests = 1'000});
  const Trace fast = trace_of("drift", {.requests = 1'000, .speed = 10});
  for (std::size_t i = 0; i < 1'000; ++i) {
    ASSERT_EQ(fast.requests[i].genome, slow.requests[i].genome);
    ASSERT_DOUBLE_EQ(fast.requests[i].t_seconds, slow.requests[i].t_seconds / 10);
  }
}

TEST(Generate, absurd_options_are_refused) {
  const Profile& profile = *find_profile("drift");
  const auto code = [&](const TraceOptions& options) { return generate(profile, options).error().code; };
  EXPECT_EQ(code({.cv = 0}), Code::kBadRequest);
  EXPECT_EQ(code({.cv = NAN}), Code::kBadRequest);
  EXPECT_EQ(code({.cv = 13}), Code::kBadRequest);
  EXPECT_EQ(code({.speed = 0}), Code::kBadRequest);
  EXPECT_EQ(code({.phases = {{10, 0}}}), Code::kBadRequest);
  EXPECT_EQ(code({.requests = kMaxTraceRequests + 1}), Code::kTooLarge);
  EXPECT_EQ(code({.phases = {{kMaxTraceRequests, 1}, {1, 1}}}), Code::kTooLarge);
}

}  // namespace
}  // namespace genepool

#include "cli/pool_views.h"

#include <gtest/gtest.h>

namespace genepool::cli {
namespace {

TEST(PoolViews, ps_shows_a_running_and_an_idle_genome) {
  const std::vector<ResidentInfo> residents = {
      {.name = "captain", .identity = "0123456789abcdef", .tier = "hot", .state = "busy", .pid = 42, .in_flight = 2,
       .page_bytes = 1 << 20, .pss_bytes = 30 << 20, .requests = 1234},
      {.name = "poet", .identity = "fedcba9876543210", .tier = "warm", .page_bytes = 1 << 20, .requests = 1,
       .idle_ms = 65'000, .is_pinned = true}};
  EXPECT_EQ(residents_text(residents, Colours::kPlain),
            "NAME      ID             TIER   STATE             PID   PAGE      PSS        IDLE    REQUESTS   PIN\n"
            "captain   0123456789ab   hot    busy, 2 running   42    1.0 MiB   30.0 MiB   -       1,234      -\n"
            "poet      fedcba987654   warm   -                 -     1.0 MiB   -          1m 5s   1          yes\n");
}

TEST(PoolViews, ps_shows_a_genome_that_is_kept_out) {
  const std::vector<ResidentInfo> residents = {{.name = "poet", .identity = "fedcba9876543210", .tier = "cold", .breaker = "open"}};
  EXPECT_NE(residents_text(residents, Colours::kPlain).find("cold   breaker open   "), std::string::npos);
}

TEST(PoolViews, breakers_that_are_as_new_are_left_out) {
  const auto breakers = parse_breakers(R"({"mode": "on", "breakers": [{"genome": "poet",
      "load": {"state": "closed", "cause": "none", "why": "", "for_ms": null, "retry_in_ms": null, "times_opened": 0},
      "answer": {"state": "open", "cause": "failure", "why": "3 failures in a row", "for_ms": 1000.5, "retry_in_ms": 4000, "times_opened": 2}}]})");
  ASSERT_TRUE(breakers) << breakers.error().message;
  EXPECT_EQ(breakers_text(*breakers, Colours::kPlain),
            "NAME   BREAKER   STATE   FOR   TRIED AGAIN IN   OPENED   WHY\n"
            "poet   answer    open    1s    4s               2        3 failures in a row\n");
  EXPECT_EQ(breakers_text({}, Colours::kPlain), "nobody is kept out\n");
}

TEST(PoolViews, stats_show_the_founding_names_and_the_thrash_line) {
  StatsInfo stats;
  stats.timings = {{"layerLoadTime", {3, 1.5, 2.5, 1.8, 2.5}}, {"inferenceTime", {}}};
  stats.cache_hits = 3;
  stats.cache_misses = 1;
  stats.is_thrashing = true;
  stats.thrash_ratio = 0.75;
  const std::string text = stats_text(stats, Colours::kPlain);
  EXPECT_NE(text.find("layerLoadTime   3       1.50 ms   2.50 ms   1.80 ms   2.50 ms\n"), std::string::npos) << text;
  EXPECT_NE(text.find("inferenceTime   0       -"), std::string::npos) << text;
  EXPECT_NE(text.find("3 (75 %)"), std::string::npos) << text;
  EXPECT_NE(text.find("THRASHING"), std::string::npos) << text;
}

}  // namespace
}  // namespace genepool::cli

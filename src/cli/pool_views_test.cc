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

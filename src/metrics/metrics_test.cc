#include "metrics/metrics.h"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <thread>

namespace genepool {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Metrics, every_name_of_the_table_is_unique) {
  std::set<std::string_view> names;
#define GENEPOOL_COUNTER(id, name, labels, help) EXPECT_TRUE(names.insert(name).second) << name;
#define GENEPOOL_GAUGE(id, name, labels, help) EXPECT_TRUE(names.insert(name).second) << name;
#define GENEPOOL_HISTOGRAM(id, name, labels, buckets, help) EXPECT_TRUE(names.insert(name).second) << name;
#include "metrics/metrics.def"
#undef GENEPOOL_COUNTER
#undef GENEPOOL_GAUGE
#undef GENEPOOL_HISTOGRAM
}

TEST(Metrics, text_shows_help_type_and_labels) {
  Metrics metrics(16, 10);
  metrics.add(Counter::kPageIns, {"cold", "request"}, 2);
  metrics.set(Gauge::kTierBytes, 4096, {"warm"});
  metrics.observe(Histogram::kTtftSeconds, 0.002, {"hot"});
  const std::string text = metrics.text();
  EXPECT_THAT(text, HasSubstr("# HELP genepool_page_ins_total genomes brought to HOT\n"));
  EXPECT_THAT(text, HasSubstr("# TYPE genepool_page_ins_total counter\n"));
  EXPECT_THAT(text, HasSubstr("genepool_page_ins_total{from=\"cold\",reason=\"request\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("genepool_tier_bytes{tier=\"warm\"} 4096\n"));
  EXPECT_THAT(text, HasSubstr("genepool_time_to_first_token_seconds_bucket{tier=\"hot\",le=\"0.0025\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("genepool_time_to_first_token_seconds_count{tier=\"hot\"} 1\n"));
}

TEST(Metrics, a_counter_without_labels_shows_as_zero_from_the_start) {
  EXPECT_THAT(Metrics(16, 10).text(), HasSubstr("genepool_thrash_alarms_total 0\n"));
}

TEST(Metrics, value_and_total_read_counters_back) {
  Metrics metrics(16, 10);
  metrics.add(Counter::kLookups, {"hot"});
  metrics.add(Counter::kLookups, {"hot"});
  metrics.add(Counter::kLookups, {"cold"}, 3);
  EXPECT_EQ(metrics.value(Counter::kLookups, {"hot"}), 2);
  EXPECT_EQ(metrics.value(Counter::kLookups, {"warm"}), 0);
  EXPECT_EQ(metrics.total(Counter::kLookups), 5);
  EXPECT_THAT(metrics.text(), Not(HasSubstr("tier=\"warm\"")));
}

TEST(Metrics, genomes_beyond_the_cap_share_other) {
  Metrics metrics(16, 2);
  for (const char* genome : {"a", "b", "c", "d", "a"}) metrics.add(Counter::kPromptTokens, {genome}, 10);
  metrics.add(Counter::kCachedTokens, {"c"});
  EXPECT_EQ(metrics.value(Counter::kPromptTokens, {"a"}), 20);
  EXPECT_EQ(metrics.value(Counter::kPromptTokens, {"c"}), 0);
  EXPECT_EQ(metrics.value(Counter::kPromptTokens, {"other"}), 20);
  EXPECT_EQ(metrics.value(Counter::kCachedTokens, {"other"}), 1);
  EXPECT_EQ(metrics.total(Counter::kPromptTokens), 50);
}

TEST(Metrics, a_forgotten_genome_loses_its_series_and_makes_room) {
  Metrics metrics(16, 1);
  metrics.add(Counter::kPromptTokens, {"a"});
  metrics.add(Counter::kPromptTokens, {"b"});
  metrics.forget_genome("a");
  metrics.forget_genome("other");  // not a genome of its own: the shared series stays
  EXPECT_THAT(metrics.text(), Not(HasSubstr("genome=\"a\"")));
  EXPECT_EQ(metrics.value(Counter::kPromptTokens, {"other"}), 1);
  metrics.add(Counter::kPromptTokens, {"c"});
  EXPECT_EQ(metrics.value(Counter::kPromptTokens, {"c"}), 1);
}

TEST(Metrics, a_value_with_quotes_is_escaped) {
  Metrics metrics(16, 1);
  metrics.add(Counter::kWorkerExits, {"a\"b\nc"});
  EXPECT_THAT(metrics.text(), HasSubstr(R"({reason="a\"b\nc"} 1)"));
}

TEST(Metrics, summary_keeps_the_last_samples_oldest_first) {
  Metrics metrics(3, 1);
  for (const int ms : {1, 2, 3, 4, 5}) metrics.sample(Timing::kLayerLoad, from_ms(ms));
  const TimingSummary summary = metrics.summary(Timing::kLayerLoad);
  EXPECT_EQ(summary.count, 5u);
  EXPECT_THAT(summary.recent_ms, testing::ElementsAre(3, 4, 5));
  EXPECT_EQ(summary.p50_ms, 4);
  EXPECT_EQ(summary.p99_ms, 5);
  EXPECT_EQ(summary.mean_ms, 4);
  EXPECT_EQ(summary.max_ms, 5);
  EXPECT_EQ(metrics.summary(Timing::kInference).count, 0u);
}

TEST(Metrics, percentile_is_by_nearest_rank) {
  EXPECT_EQ(percentile({}, 0.5), 0);
  EXPECT_EQ(percentile({7}, 0.99), 7);
  EXPECT_EQ(percentile({50, 15, 40, 20, 35}, 0.30), 20);
  EXPECT_EQ(percentile({50, 15, 40, 20, 35}, 0.50), 35);
  EXPECT_EQ(percentile({50, 15, 40, 20, 35}, 1.00), 50);
  EXPECT_EQ(percentile({2, 1}, 0), 1);
}

TEST(Metrics, timings_carry_the_founding_documents_names) {
  EXPECT_EQ(timing_name(Timing::kLayerLoad), "layerLoadTime");
  EXPECT_EQ(timing_name(Timing::kTotalRequest), "totalRequestTime");
}

TEST(Metrics, threads_may_add_forget_and_read_at_once) {
  Metrics metrics(16, 4);
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&metrics, t] {
      for (int i = 0; i < 500; ++i) {
        const std::string genome = fmt::format("g{}", (i + t) % 6);
        metrics.add(Counter::kPromptTokens, {genome});
        metrics.add(Counter::kLookups, {"hot"});
        metrics.observe(Histogram::kQueueSeconds, 0.001);
        metrics.sample(Timing::kInference, from_ms(1));
        if (i % 50 == 0) metrics.forget_genome(genome);
        EXPECT_FALSE(i % 100 == 0 && metrics.text().empty());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(metrics.value(Counter::kLookups, {"hot"}), 1500);
  EXPECT_EQ(metrics.summary(Timing::kInference).count, 1500u);
}

}  // namespace
}  // namespace genepool

#include "config/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <set>

namespace genepool {
namespace {

using testing::HasSubstr;

// Sets an environment variable until the end of the test.
class ScopedVariable {
 public:
  ScopedVariable(const char* name, const char* value) : name_(name) { ::setenv(name, value, 1); }
  ~ScopedVariable() { ::unsetenv(name_); }

 private:
  const char* name_;
};

std::string message_of(std::string_view name, std::string_view value) {
  Config config;
  const auto set = set_param(config, name, value, Origin::kFlag);
  return set ? "" : set.error().message;
}

TEST(Config, every_kind_is_set) {
  Config config;
  ASSERT_TRUE(set_param(config, "engine.ctx", "32K", Origin::kFlag));
  ASSERT_TRUE(set_param(config, "thrash.ratio", "0.75", Origin::kFlag));
  ASSERT_TRUE(set_param(config, "warm.bytes", "512MiB", Origin::kFlag));
  ASSERT_TRUE(set_param(config, "pool.idle_ttl", "1h30m", Origin::kFlag));
  ASSERT_TRUE(set_param(config, "engine.deterministic", "true", Origin::kFlag));
  ASSERT_TRUE(set_param(config, "server.listen", "127.0.0.1:9", Origin::kFlag));
  EXPECT_EQ(config.engine_ctx, 32768);
  EXPECT_EQ(config.thrash_ratio, 0.75);
  EXPECT_EQ(config.warm_bytes, 512LL << 20);
  EXPECT_EQ(config.pool_idle_ttl, 5'400'000);
  EXPECT_TRUE(config.engine_deterministic);
  EXPECT_EQ(config.server_listen, "127.0.0.1:9");
  EXPECT_EQ(config.origins.at("engine.ctx"), Origin::kFlag);
  EXPECT_FALSE(config.origins.contains("pool.queue"));
}

TEST(Config, bounds_are_inclusive_and_named) {
  EXPECT_EQ(message_of("pool.max_hot", "1"), "");
  EXPECT_EQ(message_of("pool.max_hot", "64"), "");
  EXPECT_EQ(message_of("pool.max_hot", "65"), "pool.max_hot: wanted 1 to 64, found 65");
  EXPECT_EQ(message_of("server.body_max", "1GiB"), "server.body_max: wanted 1KiB to 256MiB, found 1GiB");
  EXPECT_EQ(message_of("thrash.ratio", "0"), "thrash.ratio: wanted 0.01 to 100, found 0");
  EXPECT_EQ(message_of("log.level", "loud"), "log.level: wanted one of debug|info|warn|error, found \"loud\"");
  EXPECT_THAT(message_of("engine.deterministic", "maybe"), HasSubstr("wanted true or false"));
}

TEST(Config, a_failed_set_changes_nothing) {
  Config config;
  const auto set = set_param(config, "pool.max_hot", "many", Origin::kFlag);
  ASSERT_FALSE(set);
  EXPECT_EQ(set.error().code, Code::kUsage);
  EXPECT_EQ(set.error().param, "pool.max_hot");
  EXPECT_EQ(config.pool_max_hot, 3);
  EXPECT_TRUE(config.origins.empty());
}

TEST(Config, minus_one_is_the_most_of_a_time_only) {
  Config config;
  ASSERT_TRUE(set_param(config, "pool.idle_ttl", "-1", Origin::kFlag));
  EXPECT_EQ(config.pool_idle_ttl, 86'400'000);
  EXPECT_NE(message_of("pool.queue", "-1"), "");
}

TEST(Config, an_unknown_name_suggests_the_nearest) {
  EXPECT_EQ(message_of("pool.max_hots", "3"), "there is no setting pool.max_hots; did you mean pool.max_hot?");
  EXPECT_EQ(message_of("colour", "3"), "there is no setting colour");
}

TEST(Config, text_round_trips_for_every_row) {
  const Config defaults;
  for (const ParamRow& row : param_rows()) {
    const auto text = param_text(defaults, row.name);
    ASSERT_TRUE(text) << row.name;
    EXPECT_EQ(*text, row.default_text) << row.name;
    Config config;
    const auto set = set_param(config, row.name, *text, Origin::kFile);
    EXPECT_TRUE(set) << (set ? "" : set.error().message);
    EXPECT_EQ(*param_text(config, row.name), *text);
  }
}

TEST(Config, rows_have_unique_names_and_a_line_of_doc) {
  std::set<std::string> seen;
  for (const ParamRow& row : param_rows()) {
    EXPECT_TRUE(seen.insert(std::string(row.name)).second) << row.name;
    EXPECT_TRUE(seen.insert(row.environment_name()).second) << row.name;
    EXPECT_FALSE(row.doc.empty()) << row.name;
  }
}

TEST(Config, environment_names_are_upper_case_with_underscores) {
  const ScopedVariable hot("GENEPOOL_POOL_MAX_HOT", "5");
  Config config;
  ASSERT_TRUE(load_environment(config));
  EXPECT_EQ(config.pool_max_hot, 5);
  EXPECT_EQ(config.origins.at("pool.max_hot"), Origin::kEnvironment);
}

TEST(Config, a_bad_environment_value_names_the_variable_and_changes_nothing) {
  const ScopedVariable hot("GENEPOOL_POOL_MAX_HOT", "5");
  const ScopedVariable ratio("GENEPOOL_THRASH_RATIO", "high");
  Config config;
  const auto loaded = load_environment(config);
  ASSERT_FALSE(loaded);
  EXPECT_THAT(loaded.error().message, HasSubstr("GENEPOOL_THRASH_RATIO"));
  EXPECT_EQ(loaded.error().param, "thrash.ratio");
  EXPECT_EQ(config.pool_max_hot, 3);
}

TEST(Config, an_environment_variable_that_is_no_setting_is_no_error) {
  const ScopedVariable port("GENEPOOL_SERVER_PORT", "tcp://10.0.0.1:80");
  Config config;
  EXPECT_TRUE(load_environment(config));
}

TEST(Config, a_flag_beats_the_environment_in_any_order) {
  const ScopedVariable hot("GENEPOOL_POOL_MAX_HOT", "5");
  Config config;
  ASSERT_TRUE(set_param(config, "pool.max_hot", "7", Origin::kFlag));
  ASSERT_TRUE(load_environment(config));
  EXPECT_EQ(config.pool_max_hot, 7);
}

TEST(Config, the_data_directory_follows_xdg) {
  const ScopedVariable data_home("XDG_DATA_HOME", "/srv/data");
  Config config;
  EXPECT_EQ(data_dir_of(config), "/srv/data/genepool");
  ::setenv("XDG_DATA_HOME", "relative", 1);
  EXPECT_THAT(data_dir_of(config), testing::EndsWith("/.local/share/genepool"));
  config.server_data_dir = "/elsewhere";
  EXPECT_EQ(data_dir_of(config), "/elsewhere");
}

}  // namespace
}  // namespace genepool

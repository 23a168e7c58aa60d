#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "config/config.h"

namespace genepool {
namespace {

using testing::HasSubstr;
constexpr const char* kExample = "docs/genepool.example.yaml";

class ConfigFile : public testing::Test {
 protected:
  ~ConfigFile() override { ::unlink(path_.c_str()); }

  Result<void> load(const std::string& text) {
    std::ofstream(path_) << text;
    return load_config_file(path_, config_);
  }
  // The message, with the path cut off.
  std::string message_of(const std::string& text) {
    const auto loaded = load(text);
    if (loaded) return "";
    EXPECT_EQ(loaded.error().code, Code::kUsage);
    EXPECT_THAT(loaded.error().message, testing::StartsWith(path_ + ":"));
    return loaded.error().message.substr(path_.size() + 1);
  }

  const std::string path_ = testing::TempDir() + fmt::format("config_{}.yaml", ::getpid());
  Config config_;
};

TEST_F(ConfigFile, sections_and_dotted_names_both_work) {
  ASSERT_TRUE(load("pool: {max_hot: 4}\nwarm.bytes: 1GiB\nserver:\n  listen: \"0.0.0.0:80\"\n  data_dir:\n"));
  EXPECT_EQ(config_.pool_max_hot, 4);
  EXPECT_EQ(config_.warm_bytes, 1LL << 30);
  EXPECT_EQ(config_.server_listen, "0.0.0.0:80");
  EXPECT_EQ(config_.server_data_dir, "");
  EXPECT_EQ(config_.origins.at("warm.bytes"), Origin::kFile);
}

TEST_F(ConfigFile, an_empty_file_is_the_defaults) {
  EXPECT_TRUE(load(""));
  EXPECT_TRUE(load("# only a comment\n"));
  EXPECT_TRUE(load("pool: {}\n"));
  EXPECT_TRUE(config_.origins.empty());
}

TEST_F(ConfigFile, an_unknown_key_is_refused_where_it_stands) {
  EXPECT_EQ(message_of("warm:\n  bytes: 1GiB\npool:\n  max_hit: 3\n"),
            "4:3: there is no setting pool.max_hit; did you mean pool.max_hot?");
  EXPECT_EQ(message_of("pol: {max_hot: 3}\n"), "1:7: there is no setting pol.max_hot; did you mean pool.max_hot?");
  EXPECT_THAT(message_of("pool: 3\n"), HasSubstr("1:1: there is no setting pool"));
}

TEST_F(ConfigFile, a_bad_value_is_refused_where_it_stands) {
  EXPECT_EQ(message_of("pool:\n  max_hot: 99\n"), "2:12: pool.max_hot: wanted 1 to 64, found 99");
  EXPECT_EQ(message_of("pool:\n  max_hot: [1, 2]\n"), "2:12: pool.max_hot: wanted a single value");
  EXPECT_THAT(message_of("pool:\n  max_hot:\n"), HasSubstr("pool.max_hot: wanted a count"));
}

TEST_F(ConfigFile, a_setting_given_twice_is_refused) {
  EXPECT_EQ(message_of("pool: {max_hot: 3}\npool.max_hot: 4\n"), "2:1: pool.max_hot is given twice");
  EXPECT_EQ(message_of("pool:\n  queue: 1\n  queue: 2\n"), "3:3: pool.queue is given twice");
}

TEST_F(ConfigFile, what_is_no_map_is_refused) {
  EXPECT_THAT(message_of("- pool\n"), HasSubstr("1:1: wanted settings"));
  EXPECT_THAT(message_of("? [a, b]\n: 3\n"), HasSubstr("wanted the name of a setting"));
}

TEST_F(ConfigFile, a_syntax_error_has_line_and_column) {
  EXPECT_THAT(message_of("pool:\n  max_hot: 'three\n"), testing::MatchesRegex("[0-9]+:[0-9]+: .+"));
  EXPECT_THAT(message_of("pool: {max_hot: 3\nwarm: }"), testing::MatchesRegex("[0-9]+:[0-9]+: .+"));
}

TEST_F(ConfigFile, a_refused_file_changes_nothing) {
  EXPECT_FALSE(load("pool: {max_hot: 4}\nthrash: {ratio: x}\n"));
  EXPECT_EQ(config_.pool_max_hot, 3);
}

TEST_F(ConfigFile, a_stronger_origin_stays_and_the_value_is_still_checked) {
  ASSERT_TRUE(set_param(config_, "pool.max_hot", "7", Origin::kFlag));
  ASSERT_TRUE(load("pool.max_hot: 4\n"));
  EXPECT_EQ(config_.pool_max_hot, 7);
  EXPECT_FALSE(load("pool.max_hot: none\n"));
}

TEST_F(ConfigFile, a_file_that_cannot_be_read_is_named) {
  EXPECT_THAT(load_config_file("/no/such.yaml", config_).error().message, HasSubstr("/no/such.yaml: No such file"));
  EXPECT_THAT(load_config_file(testing::TempDir(), config_).error().message, HasSubstr("could not read the config file"));
}

TEST_F(ConfigFile, the_example_is_the_defaults_with_every_setting_and_its_doc) {
  ASSERT_TRUE(load_config_file(kExample, config_));
  std::ifstream stream(kExample);
  std::ostringstream text;
  text << stream.rdbuf();
  for (const ParamRow& row : param_rows()) {
    EXPECT_EQ(*param_text(config_, row.name), row.default_text) << row.name;
    EXPECT_TRUE(config_.origins.contains(row.name)) << row.name << " is missing";
    EXPECT_THAT(text.str(), HasSubstr(fmt::format("  # {}\n", row.doc)));
  }
}

}  // namespace
}  // namespace genepool

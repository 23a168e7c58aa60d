// Whole command lines, in this process, on a data directory without a server: what they print and how they end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "cli/command_lines.h"
#include "genome/gguf.h"

namespace genepool::cli {
namespace {

using testing::HasSubstr;

// A base of one block, just enough for the catalog and the random layers.
void write_tiny_base(const std::string& path) {
  GgufLayout layout;
  layout.add_text("general.architecture", "llama");
  layout.add_text("general.name", "tiny");
  layout.add_u32("llama.block_count", 1);
  layout.add_u32("llama.context_length", 512);
  layout.add_u32("llama.attention.head_count", 2);
  layout.add_u32("llama.attention.head_count_kv", 2);
  for (const char* kind : {"attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"}) {
    layout.add_tensor(std::string("blk.0.") + kind + ".weight", TensorType::kF32, 32, 32);
  }
  std::vector<std::byte> bytes(layout.finish());
  layout.write_header(bytes);
  std::ofstream(path, std::ios::binary).write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

class Verbs : public CommandLines {
 protected:
  Verbs() {
    write_tiny_base(dir_ + "/base.gguf");
    ::setenv("GENEPOOL_SERVER_DATA_DIR", (dir_ + "/data").c_str(), 1);
    ::setenv("XDG_CONFIG_HOME", dir_.c_str(), 1);
    ::unsetenv("GENEPOOL_HOST");
  }

  void make_captain() {
    ASSERT_EQ(run({"layer", "generate", "pirate", "--rank", "4", "--base", dir_ + "/base.gguf"}), 0) << err_;
    ASSERT_EQ(run({"genome", "create", "captain", "pirate:0.8"}), 0) << err_;
  }
};

TEST_F(Verbs, layers_and_genomes_work_without_a_server) {
  make_captain();
  EXPECT_THAT(out_, testing::StartsWith("genome captain = base + pirate:0.8: "));
  EXPECT_EQ(run({"genome", "ls"}), 0);
  EXPECT_THAT(out_, HasSubstr("pirate:0.8"));
  EXPECT_EQ(run({"genome", "ls", "-q"}), 0);
  EXPECT_EQ(out_, "captain\n");
  EXPECT_EQ(run({"show", "captain", "--json"}), 0);
  EXPECT_THAT(out_, HasSubstr("\"weight\": 0.8"));
  EXPECT_EQ(run({"layer", "show", "pirate"}), 0);
  EXPECT_THAT(out_, HasSubstr("used by        1 genome"));
  EXPECT_EQ(run({"rm", "captain"}), 0);
  EXPECT_EQ(run({"layer", "rm", "pirate"}), 0);
  EXPECT_EQ(run({"layer", "ls", "--quiet"}), 0);
  EXPECT_EQ(out_, "");
}

TEST_F(Verbs, a_layer_in_use_is_not_removed) {
  make_captain();
  EXPECT_EQ(run({"layer", "rm", "pirate"}), 1);
  EXPECT_THAT(err_, HasSubstr("captain"));
}

TEST_F(Verbs, unknown_names_end_with_4_and_the_nearest) {
  make_captain();
  EXPECT_EQ(run({"genome", "show", "captian"}), 4);
  EXPECT_THAT(err_, testing::AllOf(testing::StartsWith("genepool: "), HasSubstr("captain")));
  EXPECT_EQ(run({"layer", "show", "pirat"}), 4);
  EXPECT_EQ(run({"genome", "create", "poet", "verse:1"}), 4);
  EXPECT_EQ(run({"layer", "add", dir_ + "/nowhere"}), 4);
}

TEST_F(Verbs, a_taken_name_is_a_conflict_unless_replaced) {
  make_captain();
  EXPECT_EQ(run({"create", "captain", "pirate:0.5"}), 1);
  EXPECT_EQ(run({"create", "captain", "pirate:0.5", "--replace"}), 0) << err_;
}

TEST_F(Verbs, a_name_moves_and_comes_back) {
  make_captain();
  ASSERT_EQ(run({"create", "captain", "pirate:0.5", "--replace", "--json"}), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("\"moved_by\": \"replace\""));
  EXPECT_EQ(run({"genome", "history", "captain"}), 0);
  EXPECT_THAT(out_, testing::ContainsRegex("2 .*replace.*pirate:0.5\n1 .*create.*pirate:0.8"));
  EXPECT_EQ(run({"genome", "rollback", "captain"}), 0);
  EXPECT_THAT(out_, testing::StartsWith("genome captain = base + pirate:0.8: "));
  EXPECT_EQ(run({"show", "captain"}), 0);
  EXPECT_THAT(out_, HasSubstr("move           3: rollback"));
  EXPECT_EQ(run({"genome", "cp", "captain", "bosun"}), 0);
  EXPECT_EQ(run({"genome", "diff", "captain", "bosun"}), 0);
  EXPECT_THAT(out_, HasSubstr("the same"));
  EXPECT_EQ(run({"create", "bosun", "pirate:0.5", "--system", "Be brief.", "--replace"}), 0);
  EXPECT_EQ(run({"genome", "diff", "captain", "bosun"}), 0);
  EXPECT_THAT(out_, testing::AllOf(HasSubstr("  - pirate:0.8"), HasSubstr("  + pirate:0.5"), HasSubstr("  + Be brief.")));
  EXPECT_EQ(run({"genome", "history", "captain", "--keep", "1"}), 0);
  EXPECT_EQ(out_, "2 moves of captain forgotten\n");
  EXPECT_EQ(run({"genome", "rollback", "captain"}), 4);
  EXPECT_EQ(run({"genome", "rollback", "captain", "--to", "1234", "--steps", "1"}), 2);
  EXPECT_EQ(run({"create", "captain", "pirate:0.1", "--if-version", "12345678"}), 1);
}

TEST_F(Verbs, many_genomes_come_from_a_file) {
  make_captain();
  std::ofstream(dir_ + "/genomes.txt") << "# two\nmate pirate:0.5\nbosun pirate:0.1  # the second\n";
  EXPECT_EQ(run({"create", "--from", dir_ + "/genomes.txt"}), 0) << err_;
  EXPECT_EQ(out_, "2 genomes are there\n");
  EXPECT_EQ(run({"ls", "-q"}), 0);
  EXPECT_EQ(out_, "bosun\ncaptain\nmate\n");
  std::ofstream(dir_ + "/genomes.txt") << "new pirate:0.5\nother nothing:0.1\n";
  EXPECT_EQ(run({"create", "--from", dir_ + "/genomes.txt"}), 4);
  EXPECT_THAT(err_, HasSubstr("other"));
  EXPECT_EQ(run({"show", "new"}), 4) << "all or none";
  EXPECT_EQ(run({"create", "--from", dir_ + "/none"}), 1);
  EXPECT_EQ(run({"create", "x", "pirate", "--from", dir_ + "/genomes.txt"}), 2);
  EXPECT_EQ(run({"genome", "create", "captain"}), 2);
  EXPECT_THAT(err_, HasSubstr("needs NAME and LAYER:WEIGHT"));
}

TEST_F(Verbs, the_store_is_verified_and_cleaned) {
  make_captain();
  ASSERT_EQ(run({"layer", "generate", "unused", "--rank", "8"}), 0) << err_;
  EXPECT_EQ(run({"layer", "verify"}), 0);
  EXPECT_THAT(out_, testing::AllOf(testing::StartsWith("2 layers verified"), HasSubstr("all good")));
  EXPECT_EQ(run({"store", "info", "--json"}), 0);
  EXPECT_THAT(out_, HasSubstr("\"unused_layer_names\": 1"));
  EXPECT_EQ(run({"store", "gc", "--dry-run"}), 0);
  EXPECT_THAT(out_, testing::AllOf(HasSubstr("unused"), HasSubstr("would be freed")));
  EXPECT_EQ(run({"store", "gc"}), 0);
  EXPECT_EQ(run({"layer", "show", "unused"}), 4);
  for (const auto& file : std::filesystem::directory_iterator(dir_ + "/data/layers")) {
    std::filesystem::permissions(file, std::filesystem::perms::owner_all);
    std::filesystem::resize_file(file, 100);
  }
  EXPECT_EQ(run({"layer", "verify", "pirate"}), 1);
  EXPECT_THAT(out_, testing::AllOf(HasSubstr("/data/layers/"), HasSubstr("1 bad")));
  EXPECT_EQ(run({"layer", "verify", "--json"}), 1);
  EXPECT_THAT(out_, HasSubstr("\"ok\": false"));
  EXPECT_EQ(run({"layer", "verify", "--reimport", "x"}), 2);
  EXPECT_EQ(run({"layer", "verify", "nobody"}), 4);
}

TEST_F(Verbs, usage_errors_end_with_2) {
  EXPECT_EQ(run({"sevre"}), 2);
  EXPECT_EQ(run({"layer"}), 2);
  EXPECT_EQ(run({"genome", "create", "captain", "pirate:heavy"}), 2);
  EXPECT_EQ(run({"genome", "create", "Captain!", "pirate:1"}), 2);
  EXPECT_EQ(run({"layer", "generate", "big", "--rank", "0"}), 2);
  EXPECT_EQ(run({"evict", "captain", "--to", "hot"}), 2);
  EXPECT_EQ(run({"config", "show", "--pool.max_hot", "many"}), 2);
  EXPECT_EQ(run({"completion", "tcsh"}), 2);
}

TEST_F(Verbs, a_server_that_is_not_there_ends_with_3) {
  EXPECT_EQ(run({"ps", "--host", "unix:" + dir_ + "/none.sock"}), 3);
  EXPECT_THAT(err_, HasSubstr("genepool serve"));
  EXPECT_EQ(run({"genome", "ls", "--host", "http://127.0.0.1:1"}), 3);
}

TEST_F(Verbs, without_a_base_the_first_layer_says_how_to_name_one) {
  EXPECT_EQ(run({"layer", "generate", "pirate"}), 4);
  EXPECT_THAT(err_, HasSubstr("--base"));
}

TEST_F(Verbs, a_setting_comes_from_flag_before_environment_before_file) {
  std::ofstream(dir_ + "/c.yaml") << "pool:\n  max_hot: 4\n  queue: 7\nwarm:\n  max_genomes: 9\n";
  ::setenv("GENEPOOL_POOL_MAX_HOT", "5", 1);
  ::setenv("GENEPOOL_POOL_QUEUE", "8", 1);
  const int status = run({"config", "show", "--origin", "--config", dir_ + "/c.yaml", "--pool.max_hot", "6"});
  ::unsetenv("GENEPOOL_POOL_MAX_HOT");
  ::unsetenv("GENEPOOL_POOL_QUEUE");
  ASSERT_EQ(status, 0) << err_;
  EXPECT_THAT(out_, testing::ContainsRegex("pool.max_hot +6 +flag"));
  EXPECT_THAT(out_, testing::ContainsRegex("pool.queue +8 +environment"));
  EXPECT_THAT(out_, testing::ContainsRegex("warm.max_genomes +9 +file"));
  EXPECT_THAT(out_, testing::ContainsRegex("pool.sequences +4 +default"));
}

TEST_F(Verbs, a_bad_config_file_is_told_with_its_place) {
  std::ofstream(dir_ + "/c.yaml") << "pool:\n  max_hit: 4\n";
  EXPECT_EQ(run({"config", "check", dir_ + "/c.yaml"}), 2);
  EXPECT_THAT(err_, testing::AllOf(HasSubstr("max_hot"), HasSubstr("2")));
}

TEST_F(Verbs, help_is_made_for_every_verb) {
  EXPECT_EQ(run({}), 0);
  EXPECT_THAT(out_, HasSubstr("genome create [NAME] [LAYER:WEIGHT...]"));
  for (const CommandRow& row : command_rows()) {
    std::vector<std::string> words{"help"};
    for (const std::string_view word : split(row.verb, ' ')) words.emplace_back(word);
    EXPECT_EQ(run(words), 0);
    EXPECT_THAT(out_, HasSubstr(std::string(row.doc)));
    words.erase(words.begin());
    words.emplace_back("--help");
    const std::string same = out_;
    EXPECT_EQ(run(words), 0);
    EXPECT_EQ(out_, same);
  }
  EXPECT_EQ(run({"help", "thrash"}), 0);
  EXPECT_THAT(out_, HasSubstr("thrash.ratio"));
  EXPECT_EQ(run({"help", "zebra"}), 4);
}

TEST_F(Verbs, replay_refuses_what_is_no_log) {
  EXPECT_EQ(run({"replay", dir_ + "/base.gguf"}), 2);
  EXPECT_EQ(run({"replay", dir_ + "/none"}), 1);
}

TEST_F(Verbs, version_tells_the_version) {
  EXPECT_EQ(run({"--version"}), 0);
  EXPECT_THAT(out_, testing::StartsWith("genepool "));
}

TEST_F(Verbs, breakers_are_asked_of_a_server_only) {
  for (const std::vector<std::string>& words : {std::vector<std::string>{"breaker", "ls"}, {"breaker", "open", "a"}, {"breaker", "reset", "a"}, {"breaker", "disable", "a"}}) {
    EXPECT_EQ(run(words), 3) << words[1];
  }
  EXPECT_EQ(run({"breaker", "open"}), 2);
}

TEST_F(Verbs, the_manager_is_asked_of_a_server_only) {
  for (const std::vector<std::string>& words : {std::vector<std::string>{"manager", "log"}, {"manager", "explain", "1"}, {"manager", "knobs"}}) {
    EXPECT_EQ(run(words), 3);
    EXPECT_THAT(err_, HasSubstr("genepool serve")) << words[1];
  }
  EXPECT_EQ(run({"manager", "log", "--limit", "0"}), 2);
  EXPECT_EQ(run({"manager", "explain"}), 2);
}

}  // namespace
}  // namespace genepool::cli

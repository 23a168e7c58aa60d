#include "cli/parse.h"

#include <gtest/gtest.h>

#include <set>

namespace genepool::cli {
namespace {

using Words = std::vector<std::string>;

Invocation parsed(const Words& words) {
  auto line = parse_line(words);
  EXPECT_TRUE(line) << line.error().message;
  return line ? line->invocation : Invocation{};
}

std::string refusal(const Words& words) {
  const auto line = parse_line(words);
  EXPECT_FALSE(line);
  if (line) return "";
  EXPECT_EQ(line.error().code, Code::kUsage);
  return line.error().message;
}

TEST(Parse, a_verb_of_two_words_gets_its_arguments_and_flags) {
  const Invocation line = parsed({"genome", "create", "captain", "pirate:0.8", "shout:-0.4", "--system", "Be brief.", "--replace"});
  EXPECT_EQ(line.command->id, "genome_create");
  EXPECT_EQ(line.argument("NAME"), "captain");
  EXPECT_EQ(line.rest("LAYER:WEIGHT"), (Words{"pirate:0.8", "shout:-0.4"}));
  EXPECT_EQ(line.text("--system"), "Be brief.");
  EXPECT_TRUE(line.has("--replace"));
}

TEST(Parse, a_mistyped_group_is_named_and_not_the_verb_behind_it) {
  EXPECT_EQ(refusal({"layr", "ls"}), "there is no verb \"layr\", `genepool help` lists them; did you mean layer?");
}

TEST(Parse, words_of_a_prompt_may_be_verbs) {
  const Invocation line = parsed({"run", "captain", "show", "ps", "genome", "ls"});
  EXPECT_EQ(line.command->id, "run");
  EXPECT_EQ(line.rest("PROMPT"), (Words{"show", "ps", "genome", "ls"}));
}

TEST(Parse, aliases_mean_their_verb) {
  EXPECT_EQ(parsed({"start"}).command->id, "serve");
  EXPECT_EQ(parsed({"list"}).command->id, "genome_ls");
  EXPECT_EQ(parsed({"stop", "captain"}).command->id, "evict");
  EXPECT_EQ(parsed({"layer", "list"}).command->id, "layer_ls");
}

TEST(Parse, global_flags_may_stand_before_or_after_the_verb) {
  EXPECT_EQ(parsed({"--host", "unix:/a", "ps"}).text("--host"), "unix:/a");
  EXPECT_EQ(parsed({"ps", "--host=unix:/a", "--json"}).text("--host"), "unix:/a");
  EXPECT_TRUE(parsed({"layer", "ls", "--json"}).has("--json"));
}

TEST(Parse, settings_are_flags_of_serve) {
  const Invocation line = parsed({"serve", "--pool.max_hot", "5", "--data-dir", "d", "--server.listen=127.0.0.1:0"});
  EXPECT_EQ(line.text("--pool.max_hot"), "5");
  EXPECT_EQ(line.text("--data-dir"), "d");
  EXPECT_EQ(line.text("--server.listen"), "127.0.0.1:0");
}

TEST(Parse, the_last_of_a_flag_given_twice_counts) {
  EXPECT_EQ(parsed({"bench", "--repeats", "3", "--repeats", "4"}).text("--repeats"), "4");
}

TEST(Parse, json_is_a_switch_for_clients_and_a_file_for_bench) {
  EXPECT_EQ(parsed({"bench", "--json", "-"}).text("--json"), "-");
  EXPECT_EQ(parsed({"ps", "--json"}).text("--json"), "");
}

TEST(Parse, after_two_dashes_everything_is_a_word) {
  EXPECT_EQ(parsed({"run", "captain", "--", "--help", "-5"}).rest("PROMPT"), (Words{"--help", "-5"}));
}

TEST(Parse, short_flags) {
  EXPECT_TRUE(parsed({"run", "captain", "-v", "hello"}).has("--verbose"));
  EXPECT_TRUE(parsed({"genome", "ls", "-q"}).has("--quiet"));
  EXPECT_TRUE(parse_line({"ps", "-h"})->wants_help);
}

TEST(Parse, unknown_verbs_and_flags_name_the_nearest) {
  EXPECT_NE(refusal({"serv"}).find("did you mean serve?"), std::string::npos);
  EXPECT_NE(refusal({"layer", "ad", "x"}).find("only add, ls, show"), std::string::npos);
  EXPECT_NE(refusal({"ps", "--hots", "x"}).find("did you mean --host?"), std::string::npos);
  EXPECT_NE(refusal({"serve", "--pool.max_hit", "5"}).find("did you mean --pool.max_hot?"), std::string::npos);
}

TEST(Parse, a_flag_of_another_verb_is_refused) {
  EXPECT_NE(refusal({"serve", "--host", "x"}).find("has no flag --host"), std::string::npos);
  EXPECT_NE(refusal({"ps", "--pool.max_hot", "5"}).find("has no flag --pool.max_hot"), std::string::npos);
}

TEST(Parse, missing_and_superfluous_arguments_are_refused) {
  EXPECT_NE(refusal({"genome", "cp", "captain"}).find("needs NAME"), std::string::npos);
  EXPECT_NE(refusal({"layer", "show"}).find("needs LAYER"), std::string::npos);
  EXPECT_NE(refusal({"ps", "extra"}).find("\"extra\""), std::string::npos);
  EXPECT_NE(refusal({"run", "captain", "--seed"}), "");
}

TEST(Parse, a_group_alone_is_no_verb_and_no_error) {
  const auto line = parse_line({"layer"});
  ASSERT_TRUE(line);
  EXPECT_EQ(line->invocation.command, nullptr);
  EXPECT_EQ(line->asked_for, "layer");
}

TEST(Invocation, numbers_are_checked_against_their_bounds) {
  const Invocation line = parsed({"run", "captain", "--max-tokens", "12", "--seed", "x"});
  EXPECT_EQ(line.count("--max-tokens", 1, 1, 100).value(), 12);
  EXPECT_EQ(line.count("--max-tokens", 1, 1, 10).error().param, "--max-tokens");
  EXPECT_FALSE(line.count("--seed", 1, 0, 10));
  EXPECT_EQ(line.ratio("--temperature", 0.7, 0, 2).value(), 0.7);
}

TEST(CommandTable, every_flag_belongs_to_a_verb_or_a_group) {
  std::set<std::string> scopes{"all"};
  for (const CommandRow& row : command_rows()) {
    scopes.emplace(row.verb);
    for (const std::string_view group : split(row.groups, ' ')) scopes.emplace(group);
    EXPECT_TRUE(row.example.starts_with("genepool ") || row.example.starts_with("source")) << row.verb;
    for (const FlagRow* flag : flags_of(row)) EXPECT_TRUE(scopes.contains(std::string(flag->scope))) << flag->name;
  }
}

}  // namespace
}  // namespace genepool::cli

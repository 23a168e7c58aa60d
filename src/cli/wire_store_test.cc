#include "cli/wire_store.h"

#include <gtest/gtest.h>

#include "cli/genome_diff.h"

namespace genepool::cli {
namespace {

TEST(WireStore, what_a_server_says_comes_back_as_it_was) {
  const StoreInfo info{.layer_names = 3, .layers = 2, .layer_bytes = 1000, .unshared_bytes = 4000, .moves = 9, .quota = 5};
  const auto back = parse_store_info(json_of(info));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->layer_names, 3U);
  EXPECT_EQ(back->unshared_bytes, 4000U);
  EXPECT_EQ(back->quota, 5U);
  const auto garbage = parse_garbage(json_of(GarbageInfo{{{.name = "x"}}, 1, 77, true}));
  ASSERT_TRUE(garbage);
  EXPECT_EQ(garbage->layers.at(0).name, "x");
  EXPECT_EQ(garbage->bytes, 77U);
  EXPECT_TRUE(garbage->is_dry_run);
  GenomeInfo genome{.name = "g", .version = "v", .stack = {{"a", 1}}, .move = 4, .moved_by = "cp", .moved_from = "h", .parent = "p"};
  const auto history = parse_history(json_of_history("g", {genome}));
  ASSERT_TRUE(history);
  EXPECT_EQ(history->at(0).move, 4U);
  EXPECT_EQ(history->at(0).moved_from, "h");
  EXPECT_EQ(history->at(0).parent, "p");
  EXPECT_EQ(parse_verified(R"({"name":"a","ok":false,"problem":"bad"})")->problem, "bad");
  EXPECT_EQ(parse_verified(R"({"name":"a","ok":true,"problem":null})")->problem, "");
  EXPECT_FALSE(parse_number("{}", "created"));
}

TEST(GenomeDiff, tells_what_only_one_of_them_has) {
  const GenomeInfo a{.version = "1", .system_prompt = "Old.", .stack = {{"x", 1}, {"y", 0.5F}, {"z", 1}}, .layer_ids = {"1", "2", "3"}};
  GenomeInfo b{.version = "2", .parameters = "{}", .stack = {{"x", 1}, {"z", 1}, {"w", 2}}, .layer_ids = {"1", "3", "4"}};
  std::string text;
  for (const Difference& line : difference_of(a, b)) text.append(1, line.sign).append(line.text, 0, line.text.find(' ')).append(";");
  EXPECT_EQ(text, " x:1;-y:0.5; z:1;+w:2;-Old.;+{};");
  EXPECT_TRUE(difference_of(a, a).empty());
  b = a;
  b.layer_ids.front().front() = '9';
  EXPECT_EQ(difference_of(a, b).size(), 4U) << "the same name, other bytes";
}

}  // namespace
}  // namespace genepool::cli

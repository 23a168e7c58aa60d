#include "genome/genome_lines.h"

#include <gtest/gtest.h>

namespace genepool {
namespace {

TEST(GenomeLines, comments_and_empty_lines_are_skipped) {
  const auto genomes = parse_genome_lines("# demo\n\ncaptain  pirate:1.0 shout:0.6  # two\npoet verse\n");
  ASSERT_TRUE(genomes);
  ASSERT_EQ(genomes->size(), 2U);
  EXPECT_EQ(genomes->at(0).stack, (std::vector<std::string>{"pirate:1.0", "shout:0.6"}));
  EXPECT_EQ(genomes->at(1).name, "poet");
}

TEST(GenomeLines, a_bad_line_is_named) {
  EXPECT_NE(parse_genome_lines("poet verse\ncaptain\n").error().message.find("line 2"), std::string::npos);
  EXPECT_NE(parse_genome_lines("Bad! verse\n").error().message.find("line 1"), std::string::npos);
}

}  // namespace
}  // namespace genepool

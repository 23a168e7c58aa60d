#include "cli/table.h"

#include <gtest/gtest.h>

namespace genepool::cli {
namespace {

TEST(Table, columns_are_as_wide_as_their_widest_cell) {
  Table table({"NAME", "SIZE"});
  table.add({"pirate", "1 B"});
  table.add({"é", "22 B"});
  EXPECT_EQ(table.text(Colours::kPlain), "NAME     SIZE\npirate   1 B\né        22 B\n");
}

TEST(Table, colours_do_not_move_columns) {
  Table table({"TIER", "N"});
  table.add({{"hot", Paint::kRed}, "1"});
  EXPECT_EQ(table.text(Colours::kColoured), "\033[1mTIER\033[0m   \033[1mN\033[0m\n\033[31mhot\033[0m    1\n");
}

TEST(Table, a_line_does_not_end_in_spaces) {
  Table table({"NAME", "NOTE"});
  table.add({"pirate", ""});
  EXPECT_EQ(table.text(Colours::kPlain), "NAME     NOTE\npirate\n");
}

TEST(Human, bytes) {
  EXPECT_EQ(human_bytes(0), "0 B");
  EXPECT_EQ(human_bytes(1023), "1023 B");
  EXPECT_EQ(human_bytes(9'856'614), "9.4 MiB");
  EXPECT_EQ(human_bytes(std::uint64_t{300} << 20), "300 MiB");
}

TEST(Human, counts) {
  EXPECT_EQ(human_count(7), "7");
  EXPECT_EQ(human_count(999), "999");
  EXPECT_EQ(human_count(1204), "1,204");
  EXPECT_EQ(human_count(12'345'678), "12,345,678");
}

TEST(Human, times) {
  EXPECT_EQ(human_ms(0.314), "0.31 ms");
  EXPECT_EQ(human_ms(12.44), "12.4 ms");
  EXPECT_EQ(human_ms(412.4), "412 ms");
  EXPECT_EQ(human_ms(1240), "1.24 s");
  EXPECT_EQ(human_span(-1), "0s");
  EXPECT_EQ(human_span(252'000), "4m 12s");
  EXPECT_EQ(human_span(3.6e6 * 3 + 3e5), "3h 5m");
}

}  // namespace
}  // namespace genepool::cli

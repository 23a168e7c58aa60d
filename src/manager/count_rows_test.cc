#include "manager/count_rows.h"

#include <gtest/gtest.h>

namespace genepool {
namespace {

TEST(CountRows, each_row_counts_for_itself) {
  const GenomeLives lives;
  CountRows rows(4, lives);
  for (const GenomeIndex genome : {7, 7, 8}) rows.add(2, genome);
  EXPECT_EQ(rows.count(2, 7), 2U);
  EXPECT_EQ(rows.count(2, 8), 1U);
  EXPECT_EQ(rows.total(2), 3U);
  EXPECT_EQ(rows.count(1, 7), 0U);
  EXPECT_EQ(rows.total(99), 0U);
  rows.clear(2);
  EXPECT_EQ(rows.count(2, 7), 0U);
  EXPECT_EQ(rows.total(2), 0U);
}

TEST(CountRows, a_full_row_gives_up_its_rarest) {
  const GenomeLives lives;
  CountRows rows(2, lives);
  for (const GenomeIndex genome : {1, 1, 2, 3}) rows.add(0, genome);
  EXPECT_EQ(rows.count(0, 1), 2U);
  EXPECT_EQ(rows.count(0, 2), 0U);
  EXPECT_EQ(rows.count(0, 3), 1U);
  EXPECT_EQ(rows.total(0), 3U) << "2's went with it";
}

TEST(CountRows, who_has_the_index_of_a_forgotten_genome_begins_anew) {
  GenomeLives lives;
  CountRows rows(2, lives);
  for (const GenomeIndex genome : {1, 1, 1, 2}) rows.add(0, genome);
  lives.forget(1);
  EXPECT_EQ(rows.count(0, 1), 0U);
  EXPECT_EQ(rows.total(0), 4U);
  rows.add(0, 1);
  EXPECT_EQ(rows.count(0, 1), 1U);
  EXPECT_EQ(rows.count(0, 2), 1U) << "the forgotten one made room, though it was commoner";
  EXPECT_EQ(rows.total(0), 2U);
}

}  // namespace
}  // namespace genepool

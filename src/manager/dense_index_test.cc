#include "manager/dense_index.h"

#include <gtest/gtest.h>

namespace genepool {
namespace {

TEST(DenseIndex, numbers_are_dense_and_stay) {
  DenseIndex<std::uint64_t> index(3);
  EXPECT_EQ(index.intern(70).index, 0U);
  EXPECT_EQ(index.intern(50).index, 1U);
  EXPECT_EQ(index.intern(70).index, 0U);
  EXPECT_EQ(index.size(), 2U);
  EXPECT_EQ(index.key(1), 50U);
  EXPECT_EQ(index.find(50), 1U);
  EXPECT_EQ(index.find(51), std::nullopt);
}

TEST(DenseIndex, when_full_the_longest_unused_gives_its_number) {
  DenseIndex<std::uint64_t> index(3);
  for (const std::uint64_t key : {10, 11, 12, 10}) EXPECT_FALSE(index.intern(key).was_taken);
  (void)index.find(11);  // a look is not a use
  const auto place = index.intern(13);
  EXPECT_TRUE(place.was_taken);
  EXPECT_EQ(place.index, 1U) << "11's";
  EXPECT_EQ(index.find(11), std::nullopt);
  EXPECT_EQ(index.key(1), 13U);
  EXPECT_EQ(index.intern(14).index, 2U) << "12's";
  EXPECT_EQ(index.intern(11).index, 0U) << "10's";
  EXPECT_EQ(index.size(), 3U);
}

TEST(DenseIndex, one_place_serves_all_in_turn) {
  DenseIndex<std::uint64_t> index(1);
  EXPECT_FALSE(index.intern(1).was_taken);
  EXPECT_TRUE(index.intern(2).was_taken);
  EXPECT_FALSE(index.intern(2).was_taken);
  EXPECT_EQ(index.find(1), std::nullopt);
}

}  // namespace
}  // namespace genepool

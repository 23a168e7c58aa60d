#include "runtime/kv_shelf.h"

#include <gtest/gtest.h>

#include "base/memory_file.h"

namespace genepool {
namespace {

Identity identity(float weight) { return identity_of({BaseId{}, {{LayerId{}, weight}}}); }

UniqueFd bytes(std::size_t size) {
  const MemoryFile file = std::move(MemoryFile::create("kv", size).value());
  return UniqueFd(::dup(file.fd()));
}

TEST(KvShelf, what_is_put_is_taken_once_and_by_its_own_genome_only) {
  KvShelf shelf;
  shelf.set_quota(100'000);
  shelf.put(identity(1), bytes(10'000), 40);
  EXPECT_FALSE(shelf.take(identity(2)));
  EXPECT_EQ(shelf.usage().bytes, 10'000U);
  EXPECT_EQ(shelf.usage().tokens, 40U);
  EXPECT_TRUE(shelf.take(identity(1)));
  EXPECT_FALSE(shelf.take(identity(1)));
  EXPECT_EQ(shelf.usage().bytes, 0U);
}

TEST(KvShelf, the_oldest_goes_when_the_quota_is_full) {
  KvShelf shelf;
  shelf.set_quota(25'000);
  for (const float weight : {1.0F, 2.0F, 3.0F}) shelf.put(identity(weight), bytes(10'000), 1);
  EXPECT_EQ(shelf.usage().genomes, 2U);
  EXPECT_FALSE(shelf.take(identity(1)));
  EXPECT_TRUE(shelf.take(identity(2)));
  shelf.set_quota(0);
  EXPECT_EQ(shelf.usage().genomes, 0U);
  EXPECT_EQ(shelf.usage().tokens, 0U);
}

TEST(KvShelf, a_second_one_of_a_genome_stands_in_for_the_first) {
  KvShelf shelf;
  shelf.set_quota(100'000);
  shelf.put(identity(1), bytes(10'000), 10);
  shelf.put(identity(1), bytes(20'000), 20);
  EXPECT_EQ(shelf.usage().bytes, 20'000U);
  EXPECT_EQ(shelf.usage().genomes, 1U);
  shelf.drop(identity(1));
  EXPECT_EQ(shelf.usage().bytes, 0U);
}

TEST(KvShelf, what_is_larger_than_the_quota_is_not_kept) {
  KvShelf shelf;
  shelf.set_quota(5'000);
  shelf.put(identity(1), bytes(10'000), 10);
  EXPECT_FALSE(shelf.take(identity(1)));
}

}  // namespace
}  // namespace genepool

#include "runtime/spare_memory.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>

namespace genepool {
namespace {

constexpr std::size_t kPage = 1 << 20;

ino_t inode(const MemoryFile& file) {
  struct stat info {};
  EXPECT_EQ(::fstat(file.fd(), &info), 0);
  return info.st_ino;
}

TEST(SpareMemory, the_spare_is_cut_to_size_and_used_once) {
  SpareMemory memory;
  memory.restock(kPage);
  auto first = memory.take(kPage - 5000);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->size(), kPage - 5000);
  struct stat info {};
  ASSERT_EQ(::fstat(first->fd(), &info), 0);
  EXPECT_EQ(info.st_size, static_cast<off_t>(kPage - 5000));
  std::ranges::fill(first->writable(), std::byte{7});
  ASSERT_TRUE(first->seal());
  const auto second = memory.take(kPage - 5000);
  ASSERT_TRUE(second);
  EXPECT_NE(inode(*first), inode(*second));
  EXPECT_TRUE(std::ranges::all_of(second->bytes(), [](std::byte b) { return b == std::byte{0}; }));
}

TEST(SpareMemory, one_that_does_not_fit_is_left) {
  SpareMemory memory;
  memory.restock(kPage);
  const auto small = memory.take(kPage / 4), large = memory.take(2 * kPage);
  ASSERT_TRUE(small && large);
  EXPECT_EQ(small->size(), kPage / 4);
  EXPECT_EQ(large->size(), 2 * kPage);
  memory.restock(2 * kPage);  // grows with what is wanted
  const auto fits = memory.take(2 * kPage);
  ASSERT_TRUE(fits);
  EXPECT_EQ(fits->size(), 2 * kPage);
}

}  // namespace
}  // namespace genepool

#include "base/memory_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

namespace genepool {
namespace {

TEST(MemoryFile, sealed_bytes_stay_readable_and_cannot_be_written) {
  auto file = MemoryFile::create("test", 100);
  ASSERT_TRUE(file);
  file->writable()[0] = std::byte{7};
  EXPECT_FALSE(is_sealed_fd(file->fd()));
  ASSERT_TRUE(file->seal());
  EXPECT_TRUE(is_sealed_fd(file->fd()));
  EXPECT_EQ(file->bytes()[0], std::byte{7});
  EXPECT_TRUE(file->writable().empty());
  EXPECT_EQ(::mmap(nullptr, 100, PROT_READ | PROT_WRITE, MAP_SHARED, file->fd(), 0), MAP_FAILED);
  EXPECT_EQ(::write(file->fd(), "x", 1), -1);
  EXPECT_EQ(::ftruncate(file->fd(), 1), -1);
}

TEST(MemoryFile, one_filled_through_its_descriptor_is_sealed_and_readable) {
  for (const std::size_t size : {std::size_t{3}, (std::size_t{4} << 20) + 5}) {
    const std::string bytes = std::string(size - 1, 'a') + 'z';
    auto fd = MemoryFile::create_to_write("test", size);
    ASSERT_TRUE(fd);
    ASSERT_EQ(::write(fd->get(), bytes.data(), size), static_cast<ssize_t>(size));
    auto file = MemoryFile::seal_written(std::move(*fd));
    ASSERT_TRUE(file);
    EXPECT_TRUE(is_sealed_fd(file->fd()));
    EXPECT_EQ(std::string_view(reinterpret_cast<const char*>(file->bytes().data()), file->size()), bytes);
  }
}

TEST(MemoryFile, another_mapping_sees_the_same_bytes) {
  auto file = MemoryFile::create("test", 8192);
  ASSERT_TRUE(file);
  file->writable()[8191] = std::byte{9};
  ASSERT_TRUE(file->seal());
  const MemoryFile moved = std::move(*file);
  auto mapping = Mapping::of_fd(moved.fd());
  ASSERT_TRUE(mapping);
  EXPECT_EQ(mapping->bytes().size(), 8192u);
  EXPECT_EQ(mapping->bytes()[8191], std::byte{9});
}

std::string written(const std::string& bytes) {
  std::string path = testing::TempDir() + "genepool_mapping_XXXXXX";
  const UniqueFd fd(::mkstemp(path.data()));
  EXPECT_EQ(::write(fd.get(), bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  return path;
}

TEST(Mapping, a_copy_outlives_the_cutting_of_its_file) {
  const std::string path = written(std::string(100'000, 'x'));
  const auto copy = Mapping::copy_of_file(path, 1 << 20);
  ASSERT_TRUE(copy) << copy.error().message;
  ASSERT_EQ(::truncate(path.c_str(), 0), 0);
  EXPECT_EQ(copy->bytes().size(), 100'000U);
  EXPECT_EQ(copy->bytes().back(), std::byte{'x'});  // a mapping of the file would be SIGBUS here
  ::unlink(path.c_str());
}

TEST(Mapping, a_copy_has_its_files_holes_as_zeros) {
  const std::string path = written("begin");
  ASSERT_EQ(::truncate(path.c_str(), 1 << 20), 0);
  const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_APPEND));
  ASSERT_EQ(::write(fd.get(), "end", 3), 3);
  const auto copy = Mapping::copy_of_file(path, 2 << 20);
  ASSERT_TRUE(copy) << copy.error().message;
  const std::string_view text(reinterpret_cast<const char*>(copy->bytes().data()), copy->bytes().size());
  EXPECT_EQ(text, "begin" + std::string((1 << 20) - 5, '\0') + "end");
  ::unlink(path.c_str());
}

TEST(Mapping, a_copy_is_bounded) {
  const std::string path = written("12345");
  EXPECT_EQ(Mapping::copy_of_file(path, 4).error().code, Code::kTooLarge);
  EXPECT_TRUE(Mapping::copy_of_file(path, 5));
  ::unlink(path.c_str());
}

TEST(Mapping, a_missing_file_says_which) {
  const auto mapping = Mapping::of_file("/no/such/file");
  ASSERT_FALSE(mapping);
  EXPECT_NE(mapping.error().message.find("/no/such/file"), std::string::npos);
}

}  // namespace
}  // namespace genepool

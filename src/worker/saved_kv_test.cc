#include "worker/saved_kv.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace genepool {
namespace {

KvToSave sequence(std::vector<Token> tokens, std::string kv) {
  const std::size_t size = kv.size();
  return {std::move(tokens), size, [kv = std::move(kv)](std::span<std::byte> to) -> Result<void> {
            std::ranges::copy(std::as_bytes(std::span(kv)), to.begin());
            return {};
          }};
}

Mapping mapping_of(const MemoryFile& file) { return std::move(Mapping::of_fd(file.fd()).value()); }

std::string text_of(std::span<const std::byte> bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

TEST(SavedKv, what_is_written_is_read) {
  const MemoryFile file = std::move(write_saved_kv("abc", {sequence({1, 2, 3}, "first"), sequence({4}, "second one")}).value());
  EXPECT_TRUE(is_sealed_fd(file.fd()));
  const auto saved = SavedKv::parse(mapping_of(file), "abc");
  ASSERT_TRUE(saved);
  ASSERT_EQ(saved->entries().size(), 2U);
  EXPECT_EQ(saved->entries()[0].tokens, (std::vector<Token>{1, 2, 3}));
  EXPECT_EQ(text_of(saved->entries()[0].kv), "first");
  EXPECT_EQ(text_of(saved->entries()[1].kv), "second one");
}

TEST(SavedKv, another_genomes_is_refused) {
  const MemoryFile file = std::move(write_saved_kv("abc", {sequence({1}, "x")}).value());
  const auto saved = SavedKv::parse(mapping_of(file), "abd");
  ASSERT_FALSE(saved);
  EXPECT_EQ(saved.error().message, "the saved KV is of genome abc, not of abd");
}

TEST(SavedKv, a_sequence_that_cannot_be_written_fails_it_all) {
  KvToSave broken = sequence({1}, "x");
  broken.fill = [](std::span<std::byte>) -> Result<void> { return fail(Code::kInternal, "no"); };
  EXPECT_FALSE(write_saved_kv("abc", {broken}));
}

TEST(SavedKv, every_truncation_and_flipped_size_is_refused_or_stays_within_its_bytes) {
  const MemoryFile file = std::move(write_saved_kv("abc", {sequence({1, 2, 3}, "first"), sequence({4}, "second")}).value());
  const auto parsed = [](std::string bytes) {
    MemoryFile copy = std::move(MemoryFile::create("kv", bytes.size()).value());
    std::ranges::copy(std::as_bytes(std::span(bytes)), copy.writable().begin());
    return SavedKv::parse(mapping_of(copy), "abc");
  };
  const std::string good = text_of(file.bytes());
  for (std::size_t size = 1; size < good.size(); ++size) EXPECT_FALSE(parsed(good.substr(0, size))) << size;
  for (std::size_t at = 0; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0x80);
    if (const auto saved = parsed(bad)) {
      for (const auto& entry : saved->entries()) EXPECT_LE(text_of(entry.kv).size(), good.size());
    }
  }
}

}  // namespace
}  // namespace genepool

#include "genome/gguf.h"

#include <gtest/gtest.h>

#include <cstring>

namespace genepool {
namespace {

std::vector<std::byte> small_file() {
  GgufLayout layout;
  layout.add_text("general.type", "adapter");
  layout.add_u32("n", 7);
  layout.add_f32("x", 1.5F);
  layout.add_f32s("xs", std::vector{1.0F, 2.0F});
  const auto a = layout.add_tensor("a", TensorType::kF32, 3, 2);
  const auto b = layout.add_tensor("b", TensorType::kF16, 5, 1);
  std::vector<std::byte> file(layout.finish());
  layout.write_header(file);
  std::memset(layout.place(a, file).data(), 1, layout.place(a, file).size());
  std::memset(layout.place(b, file).data(), 2, layout.place(b, file).size());
  return file;
}

bool is_accepted(const std::vector<std::byte>& bytes) { return GgufView::parse(bytes, GgufLimits{}).has_value(); }

template <class Number>
void put(std::vector<std::byte>& file, std::size_t at, Number value) {
  std::memcpy(file.data() + at, &value, sizeof value);
}

std::size_t find(const std::vector<std::byte>& file, std::string_view text) {
  return std::string_view(reinterpret_cast<const char*>(file.data()), file.size()).find(text);
}

TEST(Gguf, what_is_written_is_read) {
  const auto bytes = small_file();
  const auto file = GgufView::parse(bytes, GgufLimits{});
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(*file->text("general.type"), "adapter");
  EXPECT_EQ(*file->count("n"), 7u);
  EXPECT_EQ(*file->real("x"), 1.5F);
  EXPECT_EQ(*file->reals("xs"), (std::vector<float>{1.0F, 2.0F}));
  ASSERT_NE(file->find("b"), nullptr);
  EXPECT_EQ(file->find("b")->ne[0], 5u);
  EXPECT_EQ(file->find("b")->offset % GgufLayout::kAlignment, 0u);
  EXPECT_EQ(file->data(*file->find("b")).size(), 10u);
  EXPECT_EQ(file->data(*file->find("b"))[9], std::byte{2});
  EXPECT_EQ(file->find("c"), nullptr);
  EXPECT_FALSE(file->text("n"));
  EXPECT_FALSE(file->count("missing"));
}

TEST(Gguf, a_file_cut_anywhere_is_refused) {
  const auto whole = small_file();
  const std::uint64_t last_byte_of_data = GgufView::parse(whole, {})->find("b")->offset + 10;
  for (std::size_t size = 0; size < last_byte_of_data; ++size) {
    EXPECT_FALSE(is_accepted({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)})) << size;
  }
}

TEST(Gguf, bytes_after_the_end_are_refused) {
  auto file = small_file();
  file.resize(file.size() + 32);
  EXPECT_FALSE(is_accepted(file));
}

TEST(Gguf, claims_beyond_the_file_are_refused_without_allocating) {
  for (const std::size_t count_at : {8, 16}) {  // tensors, keys
    auto file = small_file();
    put(file, count_at, std::uint64_t{1} << 60);
    EXPECT_FALSE(is_accepted(file));
  }
  auto file = small_file();
  put(file, find(file, "general.type") + 12 + 4, ~std::uint64_t{0});  // length of its text
  EXPECT_FALSE(is_accepted(file));
  file = small_file();
  put(file, find(file, "xs") + 2 + 4 + 4, std::uint64_t{1} << 62);  // length of the array
  EXPECT_FALSE(is_accepted(file));
}

TEST(Gguf, tensors_must_be_whole_named_once_and_of_known_type) {
  const std::size_t shape = 1 + 4;  // after the name "a": dimensions, then ne
  const auto name = [](const std::vector<std::byte>& file) { return find(file, std::string("\1\0\0\0\0\0\0\0a", 9)) + 8; };
  auto file = small_file();
  put(file, name(file) + shape, std::uint64_t{1} << 62);
  EXPECT_FALSE(is_accepted(file)) << "overflowing shape";
  file = small_file();
  put(file, name(file) + shape, std::uint64_t{0});
  EXPECT_FALSE(is_accepted(file)) << "empty tensor";
  file = small_file();
  put(file, name(file) + 1, std::uint32_t{5});
  EXPECT_FALSE(is_accepted(file)) << "five dimensions";
  file = small_file();
  put(file, name(file) + shape + 16, std::uint32_t{24});
  EXPECT_FALSE(is_accepted(file)) << "type i8";
  file = small_file();
  put(file, name(file) + shape + 16 + 4, std::uint64_t{32});
  EXPECT_FALSE(is_accepted(file)) << "gap before the first tensor";
  file = small_file();
  put(file, name(file), 'b');
  EXPECT_FALSE(is_accepted(file)) << "same name twice";
  file = small_file();
  put(file, 0, std::uint32_t{1});
  EXPECT_FALSE(is_accepted(file)) << "magic";
  file = small_file();
  put(file, 4, std::uint32_t{9});
  EXPECT_FALSE(is_accepted(file)) << "version";
}

}  // namespace
}  // namespace genepool

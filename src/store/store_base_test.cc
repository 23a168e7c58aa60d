#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "genome/gguf.h"
#include "store/store_fixture.h"

namespace genepool {
namespace {

std::string base_bytes(const std::string& name) {
  GgufLayout layout;
  layout.add_text("general.architecture", "llama");
  layout.add_text("general.name", name);
  layout.add_u32("llama.block_count", 1);
  layout.add_u32("llama.attention.head_count", 2);
  layout.add_u32("llama.attention.head_count_kv", 1);
  layout.add_u32("llama.context_length", 2048);
  layout.add_u32("llama.embedding_length", 64);
  layout.add_tensor("blk.0.attn_q.weight", TensorType::kF32, 64, 64);
  std::string bytes(layout.finish(), '\0');
  layout.write_header(std::as_writable_bytes(std::span(bytes)));
  return bytes;
}

class StoreBase : public StoreTest {
 protected:
  StoreBase() { open(); }
  void write(const std::string& name) { std::ofstream(path_, std::ios::binary) << base_bytes(name); }
  const std::string path_ = dir_ + "/base.gguf";
};

TEST_F(StoreBase, none_is_known_at_first) {
  const auto used = store_->use_base("");
  ASSERT_FALSE(used);
  EXPECT_EQ(used.error().code, Code::kNotFound);
  EXPECT_THAT(used.error().message, testing::HasSubstr("--base"));
  EXPECT_EQ(store_->use_base(path_).error().code, Code::kNotFound);
}

TEST_F(StoreBase, the_last_base_is_remembered_by_its_absolute_path) {
  write("one");
  const auto used = store_->use_base(std::filesystem::relative(path_).string());
  ASSERT_TRUE(used) << used.error().message;
  EXPECT_EQ(used->first, path_);
  EXPECT_EQ(used->second.name, "one");
  EXPECT_EQ(used->second.head_count, 2u);
  EXPECT_EQ(used->second.id, *sha256_of_file(path_));
  open();
  const auto again = store_->use_base("");
  ASSERT_TRUE(again);
  EXPECT_EQ(again->first, path_);
  EXPECT_EQ(again->second.id, used->second.id);
}

TEST_F(StoreBase, a_changed_file_is_hashed_again) {
  const auto now = std::filesystem::file_time_type::clock::now();
  for (const auto& time : {now, now - std::chrono::hours(1)}) {
    write("one");
    std::filesystem::last_write_time(path_, time);
    const BaseId first = store_->use_base(path_)->second.id;
    write("two");  // as many bytes
    std::filesystem::last_write_time(path_, time == now ? time : time + std::chrono::seconds(1));
    const BaseId second = store_->use_base(path_)->second.id;
    EXPECT_NE(first, second);
    EXPECT_EQ(second, *sha256_of_file(path_));
  }
}

TEST_F(StoreBase, an_equal_stamp_of_a_settled_file_is_not_hashed_again) {
  const auto time = std::filesystem::file_time_type::clock::now() - std::chrono::hours(1);
  write("one");
  std::filesystem::last_write_time(path_, time);
  const BaseId known = store_->use_base(path_)->second.id;
  std::fstream(path_, std::ios::in | std::ios::out | std::ios::binary).seekp(-1, std::ios::end).put('x');
  std::filesystem::last_write_time(path_, time);
  EXPECT_EQ(store_->use_base(path_)->second.id, known);
}

TEST_F(StoreBase, what_is_no_gguf_is_refused_and_not_remembered) {
  std::ofstream(path_) << "hello";
  EXPECT_FALSE(store_->use_base(path_));
  EXPECT_EQ(store_->use_base("").error().code, Code::kNotFound);
}

}  // namespace
}  // namespace genepool

#include "runtime/user_key.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "base/temporary_dir.h"

namespace genepool {
namespace {

class UserKeyTest : public testing::Test {
 protected:
  const TemporaryDir temporary_ = TemporaryDir::make().value();
  const std::string dir_ = temporary_.path();
};

TEST_F(UserKeyTest, a_user_keeps_its_name_and_others_have_others) {
  const auto made = UserKey::load(dir_ + "/trace.key"), read = UserKey::load(dir_ + "/trace.key");
  ASSERT_TRUE(made && read);
  EXPECT_EQ(made->name_of(7), read->name_of(7));
  EXPECT_NE(made->name_of(7), made->name_of(8));
  EXPECT_NE(made->name_of(7), made->name_of(std::uint64_t{7} << 32));
  EXPECT_EQ(made->name_of(7).size(), 16U);
}

TEST_F(UserKeyTest, another_key_gives_other_names) {
  EXPECT_NE(UserKey::load(dir_ + "/a.key")->name_of(7), UserKey::load(dir_ + "/b.key")->name_of(7));
}

TEST_F(UserKeyTest, the_key_is_its_owners_only) {
  ASSERT_TRUE(UserKey::load(dir_ + "/trace.key"));
  struct stat status {};
  ASSERT_EQ(::stat((dir_ + "/trace.key").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  EXPECT_EQ(status.st_size, 32);
}

TEST_F(UserKeyTest, a_cut_key_is_replaced) {
  std::ofstream(dir_ + "/trace.key") << "short";
  ASSERT_TRUE(UserKey::load(dir_ + "/trace.key"));
  EXPECT_EQ(std::filesystem::file_size(dir_ + "/trace.key"), 32U);
}

TEST_F(UserKeyTest, without_a_folder_there_is_no_key) { EXPECT_FALSE(UserKey::load(dir_ + "/none/trace.key")); }

}  // namespace
}  // namespace genepool

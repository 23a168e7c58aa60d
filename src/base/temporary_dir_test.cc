#include "base/temporary_dir.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

namespace genepool {
namespace {

TEST(TemporaryDir, goes_with_its_owner_and_all_in_it) {
  std::string path;
  {
    Result<TemporaryDir> made = TemporaryDir::make();
    ASSERT_TRUE(made) << made.error().message;
    TemporaryDir dir;
    dir = std::move(*made);
    path = dir.path();
    std::ofstream(dir.file("x")) << "x";
    EXPECT_TRUE(std::filesystem::exists(path + "/x"));
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(TemporaryDir, a_tmpdir_that_is_not_there_is_an_error) {
  const char* before = ::getenv("TMPDIR");
  const std::string kept = before == nullptr ? "" : before;
  ::setenv("TMPDIR", "/nowhere/at/all", 1);
  EXPECT_FALSE(TemporaryDir::make());
  before == nullptr ? ::unsetenv("TMPDIR") : ::setenv("TMPDIR", kept.c_str(), 1);
}

}  // namespace
}  // namespace genepool

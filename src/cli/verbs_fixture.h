// VerbsTest: command lines run in this process, with a directory of their own; for tests.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "cli/verbs.h"

namespace genepool::cli {

class VerbsTest : public testing::Test {
 protected:
  VerbsTest() {
    std::string pattern = testing::TempDir() + "genepool_cli_XXXXXX";
    dir_ = ::mkdtemp(pattern.data());
  }
  ~VerbsTest() override { std::filesystem::remove_all(dir_); }

  // Its status; what it printed is in out_ and err_.
  int run(const std::vector<std::string>& words) {
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    const int status = run_command_line(words);
    out_ = testing::internal::GetCapturedStdout();
    err_ = testing::internal::GetCapturedStderr();
    return status;
  }

  std::string dir_, out_, err_;
};

}  // namespace genepool::cli

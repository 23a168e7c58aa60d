// CommandLines: whole command lines in a test, in a directory of their own. Thread: the test's.
// Use:   class TraceVerbs : public CommandLines {};
//        TEST_F(TraceVerbs, ...) { EXPECT_EQ(run({"trace", "profiles"}), 0) << err_; }
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "base/temporary_dir.h"
#include "cli/verbs.h"

namespace genepool::cli {

class CommandLines : public testing::Test {
 protected:
  // Its exit status; what it printed is in out_ and err_.
  int run(const std::vector<std::string>& words) {
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    const int status = run_command_line(words);
    out_ = testing::internal::GetCapturedStdout();
    err_ = testing::internal::GetCapturedStderr();
    return status;
  }
  [[nodiscard]] std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(dir_ + "/" + name, std::ios::binary) << text;
    return dir_ + "/" + name;
  }
  [[nodiscard]] std::string read(const std::string& name) const {
    std::ifstream file(dir_ + "/" + name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  const TemporaryDir temporary_ = TemporaryDir::make().value();
  const std::string dir_ = temporary_.path();
  std::string out_, err_;
};

}  // namespace genepool::cli

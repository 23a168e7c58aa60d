#include "cli/completion.h"

#include <gtest/gtest.h>

#include "cli/command_table.h"

namespace genepool::cli {
namespace {

TEST(Completion, every_shell_knows_every_verb_and_flag) {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    const auto script = completion_script(shell);
    ASSERT_TRUE(script);
    for (const CommandRow& row : command_rows()) {
      for (const std::string_view word : split(row.verb, ' ')) EXPECT_NE(script->find(word), std::string::npos) << shell << word;
      for (const FlagRow* flag : flags_of(row)) {
        EXPECT_NE(script->find(flag->name.substr(2)), std::string::npos) << shell << flag->name;
      }
    }
  }
}

TEST(Completion, another_shell_is_refused) { EXPECT_EQ(completion_script("tcsh").error().code, Code::kUsage); }

}  // namespace
}  // namespace genepool::cli

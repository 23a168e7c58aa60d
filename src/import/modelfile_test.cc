#include "import/modelfile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace genepool {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kWhole = R"(# a pirate
FROM ./base.gguf
adapter ./pirate
ADAPTER "./more pirate.gguf"
PARAMETER temperature 0.3
PARAMETER stop "<|end|>"
parameter stop   arr
PARAMETER num_ctx 8192
PARAMETER num_predict 64
SYSTEM """You are
a captain."""
LICENSE MIT
)";

std::string refusal(std::string_view text) {
  const auto modelfile = parse_modelfile(text);
  EXPECT_FALSE(modelfile);
  return modelfile ? "" : modelfile.error().message;
}

TEST(Modelfile, reads_what_a_genome_is_made_of) {
  const auto modelfile = parse_modelfile(kWhole);
  ASSERT_TRUE(modelfile) << modelfile.error().message;
  EXPECT_EQ(modelfile->from, "./base.gguf");
  EXPECT_THAT(modelfile->adapters, ElementsAre("./pirate", "./more pirate.gguf"));
  EXPECT_EQ(modelfile->system, "You are\na captain.");
  EXPECT_EQ(modelfile->license, "MIT");
  std::vector<std::string> left_out;
  EXPECT_EQ(parameters_of(*modelfile, left_out), R"({"temperature":0.3,"stop":["<|end|>","arr"],"max_tokens":64})");
  EXPECT_THAT(left_out, ElementsAre("num_ctx"));
}

TEST(Modelfile, says_which_line_is_wrong) {
  EXPECT_THAT(refusal("FROM a\nSAY hello\n"), HasSubstr("line 2: the instruction say"));
  EXPECT_THAT(refusal("FROM a\nSYSTEM \"\"\"open\n\n"), HasSubstr("line 2: the quotes"));
  EXPECT_THAT(refusal("FROM a\nSYSTEM \"\"\"x\"\"\" y"), HasSubstr("after the closing quotes"));
  EXPECT_THAT(refusal("FROM\n"), HasSubstr("line 1: FROM has no value"));
  EXPECT_THAT(refusal("FROM a\nFROM b\n"), HasSubstr("line 2: FROM stands twice"));
  EXPECT_THAT(refusal("FROM a\nPARAMETER stop\n"), HasSubstr("line 2: PARAMETER stop has no value"));
  EXPECT_THAT(refusal("SYSTEM x\n"), HasSubstr("no FROM"));
}

TEST(Modelfile, refuses_parameters_that_it_cannot_keep) {
  std::vector<std::string> left_out;
  EXPECT_EQ(parameters_of({.parameters = {{"mirostat", "1"}}}, left_out).error().code, Code::kNotSupported);
  for (const auto& [name, value] : std::vector<std::pair<std::string, std::string>>{
           {"temperature", "warm"}, {"temperature", "nan"}, {"top_p", "1.5"}, {"top_k", "2.5"}, {"seed", "1e99"}}) {
    EXPECT_EQ(parameters_of({.parameters = {{name, value}}}, left_out).error().code, Code::kBadRequest) << name << " " << value;
  }
  EXPECT_EQ(parameters_of({.parameters = {{"num_predict", "-1"}}}, left_out), "");
}

}  // namespace
}  // namespace genepool

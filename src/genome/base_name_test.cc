#include "genome/base_name.h"

#include <gtest/gtest.h>

namespace genepool {
namespace {

constexpr auto kAgree = BaseNames::kAgree, kUnsure = BaseNames::kUnsure, kDiffer = BaseNames::kDiffer;

struct Case {
  const char* declared;
  const char* base;
  BaseNames wanted;
};

TEST(BaseName, names_are_compared_as_people_write_them) {
  const Case cases[] = {
      {"HuggingFaceTB/SmolLM2-135M-Instruct", "SmolLM2 135M Instruct", kAgree},
      {"unsloth/Llama-3.2-1B-Instruct-bnb-4bit", "Llama 3.2 1B Instruct", kAgree},
      {"microsoft/Phi-3-mini-4k-instruct", "Phi 3 Mini 4k Instruct", kAgree},
      {"/data/models/SmolLM2-135M-Instruct/", "SmolLM2 135M Instruct", kAgree},
      {"SmolLM2-135M-Instruct", "Smollm2 135M 8k Lc100K Mix1 Ep2", kUnsure},  // the demo's layers on the demo's base
      {"HuggingFaceTB/SmolLM2-135M", "SmolLM2 135M Instruct", kUnsure},
      {"Qwen/Qwen2-0.5B", "Qwen2.5 494M Instruct", kUnsure},
      {"meta-llama/Llama-3.1-8B-Instruct", "Meta Llama 3.1 8B", kUnsure},
      {"", "SmolLM2 135M", kUnsure},
      {"SmolLM2-135M", "", kUnsure},
      {"./checkpoint-500", "SmolLM2 135M", kUnsure},
      {"/home/me/mistral", "SmolLM2 135M", kUnsure},
      {"C:\\models\\mistral", "SmolLM2 135M", kUnsure},
      {"model", "SmolLM2 135M", kUnsure},
      {"HuggingFaceTB/SmolLM2-360M-Instruct", "SmolLM2 135M Instruct", kDiffer},
      {"Qwen/Qwen2.5-0.5B-Instruct", "SmolLM2 135M Instruct", kDiffer},
      {"codellama/CodeLlama-7b-hf", "Llama 2 7B", kDiffer},
      {"google/gemma-3-270m-it", "Phi 3 Mini It", kDiffer},
  };
  for (const Case& one : cases) {
    EXPECT_EQ(compare_base_names(one.declared, one.base), one.wanted) << one.declared << " | " << one.base;
  }
}

TEST(BaseName, odd_texts_are_names_too) {
  for (const char* text : {"", "/", "//", ".", "1..2b", "b", "m", "9999999999999999999999999999b", "\xff\xfe", "a/", "-"}) {
    (void)compare_base_names(text, "SmolLM2 135M");
    (void)compare_base_names("SmolLM2-135M", text);
    (void)doubt_about_base(text, text);
  }
}

TEST(BaseName, a_doubt_names_both) {
  EXPECT_EQ(doubt_about_base("a/SmolLM2-135M", "SmolLM2 135M"), "");
  EXPECT_NE(doubt_about_base("", "SmolLM2 135M").find("does not say"), std::string::npos);
  const std::string doubt = doubt_about_base("a/SmolLM2-135M", "SmolLM2 135M Instruct");
  EXPECT_NE(doubt.find("a/SmolLM2-135M"), std::string::npos);
  EXPECT_NE(doubt.find("SmolLM2 135M Instruct"), std::string::npos);
  EXPECT_NE(doubt_about_base("a/Qwen2-1B", "SmolLM2 135M").find("forced"), std::string::npos);
}

}  // namespace
}  // namespace genepool

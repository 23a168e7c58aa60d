#include "import/name_pattern.h"

#include <gtest/gtest.h>

namespace genepool {
namespace {

bool fits(std::string_view pattern, std::string_view module) {
  const auto parsed = NamePattern::parse(pattern);
  EXPECT_TRUE(parsed) << pattern << ": " << parsed.error().message;
  return parsed && parsed->fits(module);
}

constexpr std::string_view kQ1 = "model.layers.1.self_attn.q_proj", kQ11 = "model.layers.11.self_attn.q_proj";

TEST(NamePattern, a_name_fits_as_a_whole_or_at_its_end_after_a_dot) {
  EXPECT_TRUE(fits("q_proj", kQ1));
  EXPECT_TRUE(fits("q_proj", "q_proj"));
  EXPECT_TRUE(fits(kQ1, kQ1));
  EXPECT_TRUE(fits("layers.1.self_attn.q_proj", kQ1));
  EXPECT_FALSE(fits("layers.1.self_attn.q_proj", kQ11));
  EXPECT_FALSE(fits("_proj", kQ1)) << "no dot before it";
  EXPECT_FALSE(fits("layers.1", kQ1)) << "not at the end";
}

TEST(NamePattern, the_ends_can_be_pinned) {
  EXPECT_TRUE(fits("^model.layers.1.self_attn.q_proj$", kQ1));
  EXPECT_FALSE(fits("^layers.1.self_attn.q_proj", kQ1));
  EXPECT_TRUE(fits("q_proj$", kQ1));
}

TEST(NamePattern, elements_and_their_counts_mean_what_they_mean_in_python) {
  EXPECT_TRUE(fits(R"(layers\.\d+\.self_attn\.q_proj)", kQ11));
  EXPECT_TRUE(fits(R"(model\.layers\.1\..*)", kQ1));
  EXPECT_FALSE(fits(R"(model\.layers\.1\..*)", kQ11));
  EXPECT_TRUE(fits("layers.[0-9]+.self_attn.[qk]_proj", kQ11));
  EXPECT_FALSE(fits("layers.[02-9].self_attn.q_proj", kQ1));
  EXPECT_TRUE(fits("layers.11?.self_attn.q_proj", kQ1));
  EXPECT_TRUE(fits("layers.11?.self_attn.q_proj", kQ11));
  EXPECT_TRUE(fits(".*", kQ1));
  EXPECT_TRUE(fits(".*q_proj", kQ1));
  EXPECT_FALSE(fits(".*k_proj", kQ1));
  EXPECT_FALSE(fits(R"(q\.proj)", kQ1));
}

TEST(NamePattern, what_is_not_read_is_refused) {
  for (const char* text : {"", "^", "$", "(q|k)_proj", "q|k", "a{2}", "a**", "a*+", "a*?", "*", "[", "[]", "[^a]", "[a", "[z-a]", "a\\",
                           R"(\w)", R"(\1)", "a^b", "a$b", "(?=a)", "[[:alpha:]]"}) {
    EXPECT_FALSE(NamePattern::parse(text)) << text;
  }
  EXPECT_FALSE(NamePattern::parse(std::string(NamePattern::kMaxText + 1, 'a')));
}

// Such patterns take a backtracking matcher longer than the universe has.
TEST(NamePattern, no_pattern_explodes) {
  std::string pattern, name(200, 'a');
  while (pattern.size() + 3 < NamePattern::kMaxText) pattern += "a*";
  const auto parsed = NamePattern::parse(pattern + "b");
  ASSERT_TRUE(parsed);
  for (int i = 0; i < 1000; ++i) ASSERT_FALSE(parsed->fits(name));
}

}  // namespace
}  // namespace genepool

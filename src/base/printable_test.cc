#include "base/printable.h"

#include <gtest/gtest.h>

namespace genepool {
namespace {

TEST(Printable, a_plain_line_stays) {
  for (const char* text : {"", "layer 1", "Stra\xC3\x9F" "e", "\xF0\x9F\xA6\x9C"}) {
    EXPECT_EQ(printable(text), text);
    EXPECT_TRUE(is_printable(text)) << text;
  }
}

TEST(Printable, control_characters_become_question_marks) {
  EXPECT_EQ(printable(std::string_view("\x1b[2J\r\n\0\x7f", 8)), "?[2J????");
  EXPECT_FALSE(is_printable("a\nb"));
}

TEST(Printable, what_is_too_long_keeps_both_ends) {
  const std::string line = printable("begin" + std::string(1 << 20, 'x') + "end");
  EXPECT_EQ(line.size(), kMaxPrintable);
  EXPECT_TRUE(line.starts_with("beginx"));
  EXPECT_TRUE(line.ends_with("xend"));
  EXPECT_FALSE(is_printable(std::string(kMaxPrintable + 1, 'x')));
}

TEST(Printable, broken_utf8_is_none) {
  for (const char* text : {"\xFF", "\xC3", "\xC3\x28", "\x80", "\xC0\xAF", "\xE2\x82"}) EXPECT_FALSE(is_printable(text));
}

}  // namespace
}  // namespace genepool

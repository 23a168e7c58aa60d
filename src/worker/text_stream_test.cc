#include "worker/text_stream.h"

#include <gtest/gtest.h>

namespace genepool {
namespace {

std::string all_of(TextStream& stream, const std::string& text, std::size_t piece_size) {
  std::string out;
  for (std::size_t at = 0; at < text.size() && !stream.is_stopped(); at += piece_size) {
    out += stream.push(text.substr(at, piece_size));
  }
  return stream.is_stopped() ? out : out + stream.finish();
}

TEST(TextStream, characters_go_out_whole_however_they_are_cut) {
  const std::string text = "h\xC3\xA9llo \xE2\x82\xAC \xF0\x9F\xA7\xAC!";
  for (std::size_t size = 1; size <= 4; ++size) {
    TextStream stream({});
    EXPECT_EQ(all_of(stream, text, size), text);
  }
  TextStream stream({});
  EXPECT_EQ(stream.push("a\xF0\x9F"), "a");
  EXPECT_EQ(stream.push("\xA7"), "");
  EXPECT_EQ(stream.push("\xAC"), "\xF0\x9F\xA7\xAC");
}

TEST(TextStream, bytes_that_are_no_utf8_are_replaced) {
  EXPECT_EQ(to_valid_utf8("a\xFFz"), "a\xEF\xBF\xBDz");
  EXPECT_EQ(to_valid_utf8("\xC0\xAF"), "\xEF\xBF\xBD\xEF\xBF\xBD");  // overlong
  EXPECT_EQ(to_valid_utf8("\xE2\x82"), "\xEF\xBF\xBD");              // cut off
  EXPECT_EQ(to_valid_utf8("\xED\xA0\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");  // surrogate
  TextStream stream({});
  EXPECT_EQ(stream.push("\xE2\x82"), "");
  EXPECT_EQ(stream.push("x"), "\xEF\xBF\xBDx");
}

TEST(TextStream, a_stop_string_never_goes_out_however_it_is_cut) {
  for (std::size_t size = 1; size <= 6; ++size) {
    TextStream stream({"STOP", "\n\n"});
    EXPECT_EQ(all_of(stream, "one STO two\nSTOP three", size), "one STO two\n");
    EXPECT_TRUE(stream.is_stopped());
  }
}

TEST(TextStream, the_earliest_of_several_stops_counts) {
  TextStream stream({"three", "two"});
  EXPECT_EQ(stream.push("one two three"), "one ");
  EXPECT_TRUE(stream.is_stopped());
}

TEST(TextStream, what_could_become_a_stop_is_held_and_given_at_the_end) {
  TextStream stream({"aab"});
  EXPECT_EQ(stream.push("xaaa"), "xa");
  EXPECT_EQ(stream.released(), 2u);
  EXPECT_EQ(stream.finish(), "aa");
  EXPECT_EQ(stream.released(), 4u);
}

TEST(TextStream, an_empty_stop_string_stops_nothing) {
  TextStream stream({""});
  EXPECT_EQ(stream.push("text"), "text");
}

TEST(TextStream, a_held_stop_may_begin_inside_a_character) {
  TextStream stream({"\xA9x"});
  EXPECT_EQ(stream.push("\xC3\xA9"), "");
  EXPECT_EQ(stream.push("y"), "\xC3\xA9y");
}

}  // namespace
}  // namespace genepool

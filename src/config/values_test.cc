#include "config/values.h"

#include <gtest/gtest.h>

#include "config/config.h"

namespace genepool {
namespace {

TEST(Values, counts_know_k_as_decimal_and_K_as_binary) {
  EXPECT_EQ(*parse_count("4096"), 4096);
  EXPECT_EQ(*parse_count("32k"), 32000);
  EXPECT_EQ(*parse_count("32K"), 32768);
  EXPECT_EQ(*parse_count("1.5k"), 1500);
  for (const char* bad : {"", "k", "-1", "32 k", "32q", "1e3", "0x10", "3k2", "9999999999999999999", "9223372036854775807K"}) {
    EXPECT_FALSE(parse_count(bad)) << bad;
  }
}

TEST(Values, sizes_take_decimal_and_binary_units) {
  EXPECT_EQ(*parse_bytes("4096"), 4096);
  EXPECT_EQ(*parse_bytes("512MiB"), 512LL << 20);
  EXPECT_EQ(*parse_bytes("1GB"), 1'000'000'000);
  EXPECT_EQ(*parse_bytes("2G"), 2LL << 30);
  EXPECT_EQ(*parse_bytes("1.5GiB"), 3LL << 29);
  EXPECT_EQ(*parse_bytes("7B"), 7);
  for (const char* bad : {"", "MiB", "-5", "1.2.3MB", "5 MiB", "99999999TiB", "1mb"}) EXPECT_FALSE(parse_bytes(bad)) << bad;
  EXPECT_NE(parse_bytes("1mb").error().message.find("\"1mb\""), std::string::npos);
}

TEST(Values, times_add_their_units_up) {
  EXPECT_EQ(*parse_millis("250"), 250);
  EXPECT_EQ(*parse_millis("500ms"), 500);
  EXPECT_EQ(*parse_millis("10s"), 10'000);
  EXPECT_EQ(*parse_millis("20m"), 1'200'000);
  EXPECT_EQ(*parse_millis("1h30m"), 5'400'000);
  EXPECT_EQ(*parse_millis("0.5s"), 500);
  EXPECT_EQ(*parse_millis("1d"), 86'400'000);
  EXPECT_EQ(*parse_millis("-1"), -1);
  for (const char* bad : {"", "m", "-2", "-1s", "1h30", "5x", "1h 30m", "999999999999999d"})
    EXPECT_FALSE(parse_millis(bad)) << bad;
}

TEST(Values, what_is_written_can_be_read_back) {
  EXPECT_EQ(bytes_text(8388608), "8MiB");
  EXPECT_EQ(bytes_text(1000), "1000");
  EXPECT_EQ(bytes_text(0), "0");
  EXPECT_EQ(millis_text(5'400'000), "1h30m");
  EXPECT_EQ(millis_text(1500), "1s500ms");
  EXPECT_EQ(millis_text(86'400'000), "24h");
  EXPECT_EQ(millis_text(0), "0");
  for (const std::int64_t value : {0LL, 1LL, 999LL, 61'001LL, 86'399'999LL, 5LL << 40}) {
    EXPECT_EQ(*parse_bytes(bytes_text(value)), value);
    EXPECT_EQ(*parse_millis(millis_text(value)), value);
  }
}

TEST(Values, flags_and_ratios_are_strict) {
  EXPECT_TRUE(*parse_flag("1"));
  EXPECT_FALSE(*parse_flag("false"));
  EXPECT_FALSE(parse_flag("yes"));
  EXPECT_EQ(*parse_ratio("0.25"), 0.25);
  for (const char* bad : {"", "nan", "inf", "0.5x", "0,5"}) EXPECT_FALSE(parse_ratio(bad)) << bad;
}

}  // namespace
}  // namespace genepool

#include "genome/genome.h"

#include <gtest/gtest.h>

#include <array>
#include <limits>

#include "genome/name.h"

namespace genepool {
namespace {

const LayerId kPirate = sha256(std::as_bytes(std::span("pirate")));
const LayerId kShort = sha256(std::as_bytes(std::span("short")));

Identity identity(std::vector<StackEntry> stack) { return identity_of({sha256({}), std::move(stack)}); }

TEST(Identity, order_weight_and_base_are_part_of_it) {
  const Identity a = identity({{kPirate, 0.8F}, {kShort, 0.4F}});
  EXPECT_EQ(a, identity({{kPirate, 0.8F}, {kShort, 0.4F}}));
  EXPECT_NE(a, identity({{kShort, 0.4F}, {kPirate, 0.8F}}));
  EXPECT_NE(a, identity({{kPirate, 0.8F}, {kShort, 0.5F}}));
  EXPECT_NE(a, identity({{kPirate, 0.8F}}));
  EXPECT_NE(identity({}), identity_of({kPirate, {}}));
  EXPECT_EQ(identity({{kPirate, 0.0F}}), identity({{kPirate, -0.0F}}));
}

TEST(Version, the_persona_is_part_of_it_and_fields_do_not_run_together) {
  const Identity id = identity({});
  EXPECT_NE(version_of(id, "a", "{}"), version_of(id, "b", "{}"));
  EXPECT_NE(version_of(id, "ab", "c"), version_of(id, "a", "bc"));
}

TEST(StackSyntax, entries_and_inline_stacks) {
  EXPECT_EQ(*parse_entry("pirate:0.8"), (NamedEntry{"pirate", 0.8F}));
  EXPECT_EQ(*parse_entry("pirate"), (NamedEntry{"pirate", 1.0F}));
  EXPECT_EQ(parse_entry("pirate:-0.5")->weight, -0.5F);
  EXPECT_TRUE(is_inline_stack("base+a:1"));
  EXPECT_FALSE(is_inline_stack("base"));
  EXPECT_FALSE(is_inline_stack("baseline"));
  const auto stack = parse_inline_stack("base+pirate:0.8+short");
  ASSERT_TRUE(stack);
  EXPECT_EQ(*stack, (std::vector<NamedEntry>{{"pirate", 0.8F}, {"short", 1.0F}}));
}

TEST(StackSyntax, refuses_what_is_no_stack) {
  for (const char* bad : {"pirate:nan", "pirate:inf", "pirate:1e9", "pirate:", "pirate:0.8x", ":1", "Pirate:1", "a b:1", "a:1:2"}) {
    EXPECT_FALSE(parse_entry(bad)) << bad;
  }
  for (const char* bad : {"base+", "base++a", "base+a:1+", "base+a+a+a+a+a+a+a+a+a"}) EXPECT_FALSE(parse_inline_stack(bad)) << bad;
}

TEST(StackSyntax, weight_text_is_short_and_exact) {
  EXPECT_EQ(weight_text(0.8F), "0.8");
  EXPECT_EQ(weight_text(1.0F), "1");
  EXPECT_EQ(parse_entry("a:" + weight_text(1.0F / 3))->weight, 1.0F / 3);
}

TEST(Name, rules_and_the_nearest) {
  for (const char* good : {"a", "pirate", "a.b-c_d", "0x"}) EXPECT_TRUE(check_name(good)) << good;
  for (const char* bad : {"", "Pirate", "-a", "a b", "a/b", "..", "a:b", "base"}) EXPECT_FALSE(check_name(bad)) << bad;
  EXPECT_FALSE(check_name(std::string(65, 'a')));
  const std::array<std::string, 3> known = {"captain", "poet", "robot"};
  EXPECT_EQ(nearest_name("captian", known), "captain");
  EXPECT_EQ(nearest_name("zzzzzz", known), std::nullopt);
}

}  // namespace
}  // namespace genepool

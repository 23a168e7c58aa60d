#include "sim/fault_script.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace genepool {
namespace {

using namespace std::chrono_literals;

Trace two_genomes() {
  Trace trace;
  trace.genomes = {{"pirate", 0, 0}, {"the captain", 0, 0}, {"c#", 0, 0}};
  return trace;
}

Result<std::vector<Fault>> parse(std::string_view text) { return parse_faults(text, two_genomes()); }

TEST(FaultScript, a_line_says_when_what_how_much_and_whose) {
  const auto faults = parse("# comment\n\n 1h..1h10m \t loads fail pirate\r\n2h.. answers slow 10x the captain  # tired\n30s workers killed *\n"
                            "0..5m memory free 50MiB\n0..5m memory some 12.5%\n1m..2m workers crash 2% c#");
  ASSERT_TRUE(faults) << faults.error().message;
  ASSERT_EQ(faults->size(), 6U);
  const Fault& loads = faults->at(0);
  EXPECT_EQ(loads.kind, FaultKind::kLoadsFail);
  EXPECT_EQ(loads.from, 1h);
  EXPECT_EQ(loads.to, 70min);
  EXPECT_EQ(loads.amount, 1) << "all of them";
  EXPECT_EQ(loads.genome, 0U);
  EXPECT_EQ(faults->at(1).to, Duration::max());
  EXPECT_EQ(faults->at(1).amount, 10);
  EXPECT_EQ(faults->at(1).genome, 1U) << "a name may have spaces";
  EXPECT_EQ(faults->at(2).from, 30s);
  EXPECT_EQ(faults->at(2).genome, std::nullopt);
  EXPECT_EQ(faults->at(3).amount, 50 << 20);
  EXPECT_EQ(faults->at(4).amount, 0.125);
  EXPECT_EQ(faults->at(5).amount, 0.02);
  EXPECT_EQ(faults->at(5).genome, 2U);
}

TEST(FaultScript, what_is_wrong_is_said_with_its_line) {
  struct Row {
    std::string_view text, message;
  };
  const std::array rows{
      Row{"1h..2h loads", "line 1: wanted WHEN FAULT"},
      Row{"\n1h..2h disks fail *", "line 2: wanted WHEN FAULT"},
      Row{"1h..2h loads fail", "line 1: whose?"},
      Row{"1h..2h loads fail 10%", "line 1: whose?"},
      Row{"1h..2h loads fail mate", "line 1: no genome of the trace is called \"mate\""},
      Row{"1h..2h loads fail 101% *", "line 1: wanted a share, like 10%, found \"101%\""},
      Row{"1h..2h loads fail nan% *", "line 1: wanted a share"},
      Row{"soon..2h loads fail *", "line 1: wanted a time since the first request"},
      Row{"-1.. loads fail *", "line 1: wanted a time"},
      Row{"900000d.. loads fail *", "line 1: wanted a time"},
      Row{"2h..1h loads fail *", "line 1: it ends before it begins"},
      Row{"1h loads fail *", "line 1: wanted a span of time"},
      Row{"1h..2h workers killed *", "line 1: wanted a moment"},
      Row{"1h.. answers slow *", "line 1: wanted how many times slower, like 10x, found \"*\""},
      Row{"1h.. answers slow 0.5x *", "line 1: wanted how many times slower"},
      Row{"1h.. memory some", "line 1: wanted a share"},
      Row{"1h.. memory free lots", "line 1: wanted bytes"},
      Row{"1h.. memory free -5", "line 1: wanted bytes"},
      Row{"1h.. memory full 5% pirate", "line 1: nothing is wanted after the amount"},
  };
  for (const Row& row : rows) {
    const auto faults = parse(row.text);
    ASSERT_FALSE(faults) << row.text;
    EXPECT_EQ(faults.error().code, Code::kBadRequest);
    EXPECT_TRUE(faults.error().message.starts_with(row.message)) << faults.error().message;
  }
}

TEST(FaultScript, is_bounded) {
  std::string text;
  for (std::size_t i = 0; i <= kMaxFaults; ++i) text += "0.. loads fail *\n";
  const auto faults = parse(text);
  ASSERT_FALSE(faults);
  EXPECT_EQ(faults.error().code, Code::kTooLarge);
}

}  // namespace
}  // namespace genepool

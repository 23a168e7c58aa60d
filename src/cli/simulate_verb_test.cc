// Whole command lines of `simulate`: no server, no data directory.
#include <gmock/gmock.h>

#include "cli/command_lines.h"

namespace genepool::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class SimulateVerb : public CommandLines {
 protected:
  // A day of two genomes, one of which breaks.
  std::string trace() const {
    std::string text = "t_seconds,genome\n";
    for (int i = 0; i < 400; ++i) text += std::to_string(i * 60) + (i % 3 == 0 ? ",captain\n" : ",pirate\n");
    return write("two.csv", text);
  }
  std::string faults() const {
    return write("faults.txt", "# a bad day\n1h..2h loads fail 50% *\n1h..2h workers crash 20% pirate\n3h.. answers slow 10x captain\n5h..5h1m memory some 20%\n");
  }
};

TEST_F(SimulateVerb, a_fault_script_shows_what_went_wrong) {
  EXPECT_EQ(run({"simulate", trace(), "--faults", faults()}), 0) << err_;
  EXPECT_THAT(out_, AllOf(HasSubstr("\nfaults     "), HasSubstr("\nrefused    "), HasSubstr("kept out by breakers"), HasSubstr("open: slowness"), HasSubstr("answer of captain: "),
                          HasSubstr("\nbrakes     ")));
}

TEST_F(SimulateVerb, what_was_refused_is_not_better_than_the_future_known) {
  EXPECT_EQ(run({"simulate", trace()}), 0) << err_;
  EXPECT_THAT(out_, AllOf(HasSubstr(" % more\n"), HasSubstr("with the future known")));
  EXPECT_EQ(run({"simulate", trace(), "--faults", faults()}), 0) << err_;
  EXPECT_THAT(out_, AllOf(HasSubstr("if none had been refused\n"), Not(HasSubstr("with the future known"))));
}

TEST_F(SimulateVerb, the_same_seed_is_the_same_output_and_another_another) {
  const auto output = [&](const std::string& seed) {
    EXPECT_EQ(run({"simulate", trace(), "--faults", faults(), "--seed", seed, "--json", "-"}), 0) << err_;
    return out_;
  };
  const std::string first = output("1");
  EXPECT_EQ(output("1"), first);
  EXPECT_NE(output("2"), first);
  EXPECT_THAT(first, AllOf(HasSubstr("\"loads_failed\": "), HasSubstr("\"kept_out\": "), HasSubstr("\"to\": \"open\"")));
}

TEST_F(SimulateVerb, a_page_has_plots_and_escaped_names_and_fetches_nothing) {
  const std::string odd = write("a <b>.csv", "t_seconds,genome\n0,<script>\n60,b\n120,<script>\n");
  EXPECT_EQ(run({"simulate", odd, "--html", dir_ + "/one.html"}), 0) << err_;
  const std::string one = read("one.html");
  EXPECT_THAT(one, AllOf(HasSubstr("a &lt;b&gt;.csv"), HasSubstr("<h2>Misses over time</h2><svg"), HasSubstr("<h2>HOT over time</h2><svg"), HasSubstr("<h2>Latency</h2><svg")));
  for (const std::string_view never : {"<script", "<b>", "nan", "src=", "href=", "Refused over time"}) EXPECT_EQ(one.find(never), std::string::npos) << never;
  EXPECT_EQ(run({"simulate", trace(), "--compare", "lru,tournament", "--faults", faults(), "--html", dir_ + "/two.html"}), 0) << err_;
  EXPECT_THAT(read("two.html"), AllOf(HasSubstr("<h2>Misses of those of lru, with 95 % intervals</h2><svg"), HasSubstr("Refused over time"), HasSubstr("Latency: to grant")));
}

TEST_F(SimulateVerb, a_bad_fault_script_is_refused_with_file_and_line) {
  const std::string file = write("bad.txt", "1h..2h loads fail *\n1h..2h loads fail nobody\n");
  EXPECT_EQ(run({"simulate", trace(), "--faults", file}), 2);
  EXPECT_THAT(err_, HasSubstr(file + ": line 2: no genome of the trace is called \"nobody\""));
}

}  // namespace
}  // namespace genepool::cli

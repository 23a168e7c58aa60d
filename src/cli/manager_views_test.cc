#include "cli/manager_views.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <ctime>

namespace genepool::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kAnswer = R"({"decisions":[
  {"id":12,"time_ms":1700000000123,"t_seconds":75.5,"kind":"size","subject":"pool.max_hot","action":"pool.max_hot 3 -> 4",
   "reason":"one more saves more","is_advice":false,"inputs":[{"name":"up","value":0.125,"unit":"s/s"},{"name":"price","value":null,"unit":""}],
   "alternatives":[{"name":"stay","value":12345.6,"unit":""},{"name":"grow","value":10,"unit":"s"}],
   "unit":"s of load","expected":11,"realised":9.5,"outcome":"kept"},
  {"id":7,"time_ms":1700000000000,"t_seconds":75,"kind":"omen","subject":"","action":"look","reason":"","is_advice":true,
   "inputs":[],"alternatives":[],"unit":"","expected":null,"realised":null,"outcome":null}]})";

class ManagerViews : public testing::Test {
 protected:
  ManagerViews() {
    ::setenv("TZ", "UTC", 1);
    ::tzset();
    decisions_ = parse_decisions(kAnswer).value();
  }
  std::vector<DecisionInfo> decisions_;
};

TEST_F(ManagerViews, an_answer_is_read_with_what_is_not_known) {
  ASSERT_EQ(decisions_.size(), 2U);
  EXPECT_EQ(decisions_[0].kind, DecisionKind::kSize);
  EXPECT_EQ(decisions_[0].realised, 9.5);
  EXPECT_EQ(decisions_[0].inputs.at(0), (Decision::Number{"up", 0.125, "s/s"}));
  EXPECT_TRUE(std::isnan(decisions_[0].inputs.at(1).value));
  EXPECT_EQ(decisions_[1].kind_name, "omen");
  EXPECT_TRUE(std::isnan(decisions_[1].expected));
  EXPECT_EQ(decisions_[1].realised, std::nullopt);
  EXPECT_EQ(parse_decisions("{}").error().code, Code::kInternal);
  EXPECT_EQ(parse_decision("[]").error().code, Code::kInternal);
}

TEST_F(ManagerViews, the_log_is_a_table) {
  EXPECT_EQ(decisions_text(decisions_, LogPart::kWhole, Colours::kPlain),
            "ID   WHEN                  KIND   SUBJECT        ACTION                EXPECTED       REALISED\n"
            "12   2023-11-14 22:13:20   size   pool.max_hot   pool.max_hot 3 -> 4   11 s of load   9.5 s of load\n"
            "7    2023-11-14 22:13:20   omen   -              look (advice)         -              -\n");
}

TEST_F(ManagerViews, a_log_that_goes_on_has_headers_once_and_columns_that_stay) {
  const std::string begin = decisions_text({decisions_[0]}, LogPart::kBegin, Colours::kPlain);
  const std::string more = decisions_text({decisions_[1]}, LogPart::kMore, Colours::kPlain);
  EXPECT_THAT(begin, testing::StartsWith("ID "));
  EXPECT_THAT(more, testing::StartsWith("7 "));
  EXPECT_EQ(begin.find("size"), begin.find('\n') + 1 + more.find("omen"));
  EXPECT_EQ(decisions_text({}, LogPart::kMore, Colours::kPlain), "");
}

TEST_F(ManagerViews, explain_says_everything) {
  EXPECT_EQ(decision_text(decisions_[0], Colours::kPlain),
            "decision 12, 2023-11-14 22:13:20, 1m 15s after the server began\n"
            "  kind      size\n"
            "  subject   pool.max_hot\n"
            "  action    pool.max_hot 3 -> 4\n"
            "  reason    one more saves more\n"
            "inputs\n"
            "  up     0.125 s/s\n"
            "  price  -\n"
            "alternatives, and what each was expected to bring\n"
            "  stay  12346 s of load\n"
            "  grow  10 s\n"
            "what came of it\n"
            "  expected  11 s of load\n"
            "  realised  9.5 s of load\n"
            "  outcome   kept\n");
  const std::string bare = decision_text(decisions_[1], Colours::kPlain);
  EXPECT_THAT(bare, HasSubstr("not carried out"));
  EXPECT_THAT(bare, HasSubstr("realised  not known"));
  EXPECT_THAT(bare, Not(HasSubstr("inputs")));
}

TEST_F(ManagerViews, knobs_show_the_decision_that_set_them) {
  DecisionInfo advice = decisions_[0], older = decisions_[0], queue = decisions_[0];
  advice.id = 20;
  advice.is_advice = true;
  older.id = 3;
  queue.id = 2;
  queue.subject = "pool.queue";
  const auto knobs = managed({{"pool.max_hot", "4", "manager"}, {"warm.bytes", "0", "default"}, {"log.level", "info", "flag"},
                              {"pool.queue", "9", "operator"}, {"manager.mode", "on", "file"}},
                             {advice, decisions_[0], older, queue});
  EXPECT_EQ(knobs_text(knobs, Colours::kPlain),
            "SETTING        VALUE   ORIGIN     DECISION   WHEN                  WHY\n"
            "pool.max_hot   4       manager    12         2023-11-14 22:13:20   one more saves more\n"
            "warm.bytes     0       default    -          -                     -\n"
            "pool.queue     9       operator   -          -                     -\n"
            "manager.mode   on      file       -          -                     -\n");
  const std::string json = json_of_knobs(knobs);
  EXPECT_THAT(json, HasSubstr("\"decision\": 12"));
  EXPECT_THAT(json, HasSubstr("\"decision\": null"));
}

TEST_F(ManagerViews, lines_of_json_are_the_oldest_first) {
  const auto lines = decision_lines(kAnswer);
  ASSERT_TRUE(lines);
  EXPECT_THAT(*lines, testing::StartsWith("{\"id\":7,"));
  EXPECT_THAT(*lines, HasSubstr("}\n{\"id\":12,"));
  EXPECT_EQ(decision_lines(R"({"decisions":[]})").value(), "");
}

TEST(WireDecisions, settings_come_with_their_origin) {
  const auto settings = parse_settings(R"({"knobs":[{"name":"pool.max_hot","value":"4","origin":"flag"},{"name":"x","value":""}]})");
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->at(0).origin, "flag");
  EXPECT_EQ(settings->at(1).origin, "") << "an older server does not say";
}

}  // namespace
}  // namespace genepool::cli

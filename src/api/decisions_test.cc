#include <gtest/gtest.h>

#include <limits>

#include "api/fake_writer.h"
#include "api/json.h"

namespace genepool {
namespace {

using api::Json;

class Decisions : public testing::Test, protected ApiFixture {
 protected:
  Decisions() {
    Decision size;
    size.id = 8;
    size.unix_ms = 1'700'000'000'123;
    size.t_seconds = 60.5;
    size.subject = "pool.max_hot";
    size.action = "pool.max_hot 3 -> 4";
    size.reason = "why";
    size.inputs = {{"up", 0.5, "s/s"}};
    size.alternatives = {{"stay", 3, ""}};
    size.unit = "s of load";
    size.expected = 11;
    size.realised = 9.5;
    size.outcome = "kept";
    Decision guess;
    guess.id = 7;
    guess.kind = DecisionKind::kGuess;
    guess.is_advice = true;
    guess.expected = std::numeric_limits<double>::quiet_NaN();
    runtime.decided = {size, guess};
  }
  Json json(const std::string& path, int status = 200) {
    const auto reply = ask("GET", path);
    EXPECT_EQ(reply->status, status) << reply->body;
    return Json::parse(reply->body, nullptr, false);
  }
  const DecisionQuery& asked() { return runtime.queries.back(); }
};

TEST_F(Decisions, a_decision_says_all_of_itself) {
  const Json expected = Json::parse(R"({"id":8,"time_ms":1700000000123,"t_seconds":60.5,"kind":"size","subject":"pool.max_hot",
      "action":"pool.max_hot 3 -> 4","reason":"why","is_advice":false,"inputs":[{"name":"up","value":0.5,"unit":"s/s"}],
      "alternatives":[{"name":"stay","value":3.0,"unit":""}],"unit":"s of load","expected":11.0,"realised":9.5,"outcome":"kept"})");
  EXPECT_EQ(json("/api/decisions/8"), expected);
  EXPECT_EQ(json("/api/decisions")["decisions"][0], expected);
}

TEST_F(Decisions, what_is_not_known_yet_is_null) {
  const Json guess = json("/api/decisions")["decisions"][1];
  EXPECT_EQ(guess["kind"], "guess");
  EXPECT_EQ(guess["is_advice"], true);
  EXPECT_TRUE(guess["expected"].is_null() && guess["realised"].is_null() && guess["outcome"].is_null());
  EXPECT_EQ(guess["inputs"], Json::array());
}

TEST_F(Decisions, the_query_is_passed_on) {
  (void)json("/api/decisions");
  EXPECT_EQ(asked().kind, std::nullopt);
  EXPECT_EQ(asked().limit, 100U);
  EXPECT_EQ(asked().after + asked().before, 0U);
  (void)json("/api/decisions?kind=guess&limit=5&after=3&before=9");
  EXPECT_EQ(asked().kind, DecisionKind::kGuess);
  EXPECT_EQ(asked().limit, 5U);
  EXPECT_EQ(asked().after, 3U);
  EXPECT_EQ(asked().before, 9U);
}

TEST_F(Decisions, a_wrong_query_names_its_field) {
  EXPECT_EQ(json("/api/decisions?kind=omen", 400)["error"]["param"], "kind");
  EXPECT_EQ(json("/api/decisions?limit=0", 400)["error"]["param"], "limit");
  EXPECT_EQ(json("/api/decisions?limit=10001", 400)["error"]["param"], "limit");
  EXPECT_EQ(json("/api/decisions?after=-1", 400)["error"]["param"], "after");
  EXPECT_EQ(json("/api/decisions?before=x", 400)["error"]["param"], "before");
  EXPECT_TRUE(runtime.queries.empty());
}

TEST_F(Decisions, an_unknown_one_is_404_and_no_number_400) {
  EXPECT_EQ(json("/api/decisions/9", 404)["error"]["code"], "not_found");
  for (const char* id : {"x", "8x", "-8", "99999999999999999999"}) {
    EXPECT_EQ(json(std::string("/api/decisions/") + id, 400)["error"]["param"], "id") << id;
  }
}

TEST_F(Decisions, knobs_say_who_set_them) {
  const auto origin = [&](std::string_view name) {
    const Json knobs = json("/api/knobs")["knobs"];
    for (const Json& knob : knobs) {
      if (knob["name"] == name) return knob["origin"].get<std::string>();
    }
    return std::string("no such knob");
  };
  EXPECT_EQ(origin("pool.max_hot"), "default");
  EXPECT_EQ(ask("POST", "/api/knobs", R"({"name":"pool.max_hot","value":5})")->status, 200);
  EXPECT_EQ(origin("pool.max_hot"), "operator");
  EXPECT_EQ(origin("warm.bytes"), "default");
  ASSERT_TRUE(set_param(runtime.config_, "warm.bytes", "1GiB", Origin::kManager));
  EXPECT_EQ(origin("warm.bytes"), "manager");
}

}  // namespace
}  // namespace genepool

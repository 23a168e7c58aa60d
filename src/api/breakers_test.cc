#include <gtest/gtest.h>

#include "api/fake_writer.h"
#include "api/json.h"

namespace genepool {
namespace {

using api::Json;
using namespace std::chrono_literals;

class Breakers : public testing::Test, protected ApiFixture {
 protected:
  Breakers() {
    BreakerRow row{"captain", {}};
    row.breakers.answer = {.state = BreakerState::kOpen, .cause = BreakerCause::kFailure, .why = "3 failures in a row", .since = 5s,
                           .times_opened = 1, .retry_in = 1500ms, .outcomes = {.good = 1, .failed = 3}};
    runtime.status_.as_of = 7s;
    runtime.status_.breakers.push_back(row);
  }
  Json json(const std::string& method, const std::string& path, const std::string& body, int status) {
    const auto reply = ask(method, path, body);
    EXPECT_EQ(reply->status, status) << reply->body;
    return Json::parse(reply->body, nullptr, false);
  }
};

TEST_F(Breakers, the_list_says_state_why_since_and_until) {
  const Json list = json("GET", "/api/breakers", "", 200);
  EXPECT_EQ(list["mode"], "on");
  EXPECT_EQ(list["breakers"][0]["genome"], "captain");
  EXPECT_EQ(list["breakers"][0]["answer"], Json::parse(R"({"state":"open","cause":"failure","why":"3 failures in a row","for_ms":2000.0,
      "retry_in_ms":1500.0,"times_opened":1,"outcomes":{"good":1,"slow":0,"failed":3}})"));
  EXPECT_EQ(list["breakers"][0]["load"]["state"], "closed");
  EXPECT_TRUE(list["breakers"][0]["load"]["retry_in_ms"].is_null());
}

TEST_F(Breakers, nobody_knows_until_when_is_null) {
  runtime.status_.breakers[0].breakers.answer.retry_in = Duration::max();
  EXPECT_TRUE(json("GET", "/api/breakers", "", 200)["breakers"][0]["answer"]["retry_in_ms"].is_null());
}

TEST_F(Breakers, an_operator_opens_disables_and_resets) {
  for (const char* action : {"open", "disable", "reset"}) {
    const Json row = json("POST", "/api/breakers/base", fmt::format(R"({{"action": "{}"}})", action), 200);
    EXPECT_EQ(row["genome"], "base");
    EXPECT_EQ(runtime.moves.back(), fmt::format("{} base", action));
  }
}

TEST_F(Breakers, bad_wishes_are_refused) {
  EXPECT_EQ(json("POST", "/api/breakers/nobody", R"({"action": "open"})", 404)["error"]["code"], "model_not_found");
  EXPECT_EQ(json("POST", "/api/breakers/base", R"({"action": "explode"})", 400)["error"]["param"], "action");
  EXPECT_EQ(json("POST", "/api/breakers/base", R"({"verb": "open"})", 400)["error"]["param"], "verb");
  EXPECT_EQ(json("POST", "/api/breakers/base", "", 400)["error"]["code"], "bad_request");
  EXPECT_TRUE(runtime.moves.empty());
}

}  // namespace
}  // namespace genepool

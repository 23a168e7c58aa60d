#include "api/router.h"

#include <gtest/gtest.h>

#include "api/fake_writer.h"
#include "api/inflight.h"

namespace genepool::api {
namespace {

class RouterTest : public testing::Test {
 protected:
  RouterTest() {
    router.add("GET", "/", [&](const CallPtr&) { seen = "root"; });
    router.add("GET", "/a", [&](const CallPtr&) { seen = "get a"; });
    router.add("POST", "/a", [&](const CallPtr&) { seen = "post a"; });
    router.add("GET", "/a/{name}", [&](const CallPtr& call) { seen = "a " + call->args[0]; });
    router.add("POST", "/a/{name}/pin", [&](const CallPtr& call) { seen = "pin " + call->args[0]; });
  }
  std::string go(const std::string& method, const std::string& path) {
    auto call = std::make_shared<Call>();
    call->request.method = method;
    call->request.path = path;
    call->metrics = &metrics;
    call->writer = std::make_shared<RecordingWriter>(recorded);
    seen.clear();
    router.dispatch(call);
    return seen;
  }
  Metrics metrics{16, 16};
  Router router;
  std::shared_ptr<Recorded> recorded = std::make_shared<Recorded>();
  std::string seen;
};

TEST_F(RouterTest, finds_by_method_and_path) {
  EXPECT_EQ(go("GET", "/"), "root");
  EXPECT_EQ(go("GET", "/a"), "get a");
  EXPECT_EQ(go("HEAD", "/a"), "get a");
  EXPECT_EQ(go("GET", "/a/"), "get a");
  EXPECT_EQ(go("POST", "/a"), "post a");
  EXPECT_EQ(go("POST", "/a/b/pin"), "pin b");
}

TEST_F(RouterTest, decodes_a_segment) {
  EXPECT_EQ(go("GET", "/a/base%2Bx%3A0.5"), "a base+x:0.5");
  EXPECT_EQ(go("GET", "/a/b+c"), "a b+c");
  EXPECT_EQ(go("GET", "/a/b%2Fc"), "a b/c");
  EXPECT_EQ(go("GET", "/a/%zz"), "");
  EXPECT_EQ(recorded->status, 400);
}

TEST_F(RouterTest, an_unknown_path_is_404_under_one_label) {
  EXPECT_EQ(go("GET", "/b"), "");
  EXPECT_EQ(recorded->status, 404);
  EXPECT_NE(recorded->body.find("not_found"), std::string::npos);
  EXPECT_EQ(metrics.value(Counter::kRequests, {"unknown", "404"}), 1);
  (void)go("GET", "no slash");
  (void)go("GET", "/a//pin");
  EXPECT_EQ(metrics.value(Counter::kRequests, {"unknown", "404"}), 3);
}

TEST_F(RouterTest, another_method_is_405_with_what_is_allowed) {
  EXPECT_EQ(go("DELETE", "/a"), "");
  EXPECT_EQ(recorded->status, 405);
  EXPECT_EQ(recorded->header("allow"), "GET, POST");
}

TEST(Call, reads_its_query) {
  Call call;
  call.request.query = "search=a%20b&x&limit=5&name=c+d";
  EXPECT_EQ(call.query("search"), "a b");
  EXPECT_EQ(call.query("limit"), "5");
  EXPECT_EQ(call.query("name"), "c d");
  EXPECT_EQ(call.query("x"), "");
  EXPECT_EQ(call.query("none"), "");
}

TEST(InflightTest, knows_only_what_runs) {
  Inflight inflight;
  inflight.begin("a");
  EXPECT_FALSE(inflight.find("a"));
  inflight.started("a", 7);
  EXPECT_EQ(inflight.find("a"), 7U);
  inflight.end("a");
  inflight.started("a", 7);  // it had ended before its id was known
  EXPECT_FALSE(inflight.find("a"));
}

}  // namespace
}  // namespace genepool::api

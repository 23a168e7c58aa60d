#include <gmock/gmock.h>

#include "api/fake_writer.h"

namespace genepool {
namespace {

using testing::HasSubstr;
using testing::Not;

struct Events : testing::Test, ApiFixture {
  static FeedEvent event(std::uint64_t id) {
    return {id, 1700000000000, "tier", {{"genome", "captain"}, {"ms", 1.5}, {"layers_loaded", std::int64_t{2}}}};
  }
};

TEST_F(Events, what_happens_is_told_with_its_number) {
  const auto stream = ask("GET", "/api/events");
  EXPECT_EQ(stream->status, 200);
  EXPECT_EQ(stream->header("content-type"), "text/event-stream");
  const FeedEvent one = event(7);
  EXPECT_TRUE(runtime.listener_(&one));
  EXPECT_THAT(stream->body, HasSubstr("id: 7\nevent: tier\ndata: {\"time_ms\":1700000000000,\"genome\":\"captain\",\"ms\":1.5,\"layers_loaded\":2}\n\n"));
  EXPECT_THAT(stream->body, Not(HasSubstr("missed")));
}

TEST_F(Events, each_second_says_how_things_are) {
  const auto stream = ask("GET", "/api/events");
  stream->body.clear();
  EXPECT_TRUE(runtime.listener_(nullptr));
  EXPECT_THAT(stream->body, HasSubstr("event: status\ndata: {\"tiers\":"));
  EXPECT_THAT(stream->body, HasSubstr("\"requests\":[]"));
  EXPECT_THAT(stream->body, Not(HasSubstr("recent_ms")));
}

TEST_F(Events, who_comes_back_too_late_is_told) {
  EXPECT_THAT(ask("GET", "/api/events", "", {{"last-event-id", "5"}})->body, HasSubstr("event: missed"));
  EXPECT_THAT(ask("GET", "/api/events?after=5")->body, HasSubstr("event: missed"));
  EXPECT_EQ(ask("GET", "/api/events?after=x")->status, 400);
}

TEST_F(Events, a_client_that_is_gone_is_let_go) {
  const auto stream = ask("GET", "/api/events");
  stream->is_finished = true;
  const FeedEvent one = event(8);
  EXPECT_FALSE(runtime.listener_(&one));
  EXPECT_FALSE(runtime.listener_(nullptr));
}

}  // namespace
}  // namespace genepool

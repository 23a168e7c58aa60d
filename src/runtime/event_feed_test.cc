#include "runtime/event_feed.h"

#include <gmock/gmock.h>

namespace genepool {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct Watcher {
  std::vector<std::uint64_t> ids;
  std::size_t patience = 1'000'000;
  EventFeed::Listener listener() {
    return [this](const FeedEvent* event) {
      if (event != nullptr) ids.push_back(event->id);
      return ids.size() < patience;
    };
  }
};

TEST(EventFeed, a_watcher_sees_what_happens_from_then_on) {
  EventFeed feed;
  feed.publish("tier", {});
  Watcher watcher;
  EXPECT_TRUE(feed.is_complete_after(std::nullopt));
  feed.follow(std::nullopt, watcher.listener());
  EXPECT_THAT(watcher.ids, IsEmpty());
  feed.publish("tier", {});
  feed.publish("tier", {});
  ASSERT_EQ(watcher.ids.size(), 2u);
  EXPECT_EQ(watcher.ids[1], watcher.ids[0] + 1);
}

TEST(EventFeed, who_comes_back_misses_nothing) {
  EventFeed feed;
  Watcher first, second;
  feed.follow(std::nullopt, first.listener());
  for (int i = 0; i < 5; ++i) feed.publish("tier", {{"n", std::int64_t{i}}});
  EXPECT_TRUE(feed.is_complete_after(first.ids[1]));
  feed.follow(first.ids[1], second.listener());
  EXPECT_THAT(second.ids, ElementsAre(first.ids[2], first.ids[3], first.ids[4]));
}

TEST(EventFeed, what_is_kept_no_more_is_told) {
  EventFeed feed;
  Watcher first, late;
  feed.follow(std::nullopt, first.listener());
  for (std::size_t i = 0; i < EventFeed::kKept + 3; ++i) feed.publish("tier", {});
  EXPECT_FALSE(feed.is_complete_after(first.ids[1]));
  EXPECT_TRUE(feed.is_complete_after(first.ids[2]));
  EXPECT_FALSE(feed.is_complete_after(17)) << "a number of another life";
  feed.follow(first.ids[1], late.listener());
  EXPECT_EQ(late.ids.size(), EventFeed::kKept);
}

TEST(EventFeed, who_answers_false_is_asked_no_more) {
  EventFeed feed;
  Watcher watcher;
  watcher.patience = 1;
  feed.follow(std::nullopt, watcher.listener());
  feed.publish("tier", {});
  feed.publish("tier", {});
  EXPECT_EQ(watcher.ids.size(), 1u);
}

}  // namespace
}  // namespace genepool

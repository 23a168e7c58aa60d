#include "runtime/event_feed.h"

#include <chrono>

namespace genepool {
namespace {

std::int64_t unix_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace

EventFeed::EventFeed() : last_(static_cast<std::uint64_t>(unix_us())), first_kept_(last_ + 1) {}

void EventFeed::publish(std::string_view type, std::vector<FeedEvent::Field> fields) {
  kept_.push_back({++last_, unix_us() / 1000, type, std::move(fields)});
  if (kept_.size() > kKept) {
    kept_.pop_front();
    first_kept_ = kept_.front().id;
  }
  tell(&kept_.back());
}

void EventFeed::tick() { tell(nullptr); }

void EventFeed::tell(const FeedEvent* event) {
  listeners_.remove_if([&](const Listener& listener) { return !listener(event); });
}

void EventFeed::follow(std::optional<std::uint64_t> after, Listener listener) {
  if (after) {
    for (const FeedEvent& event : kept_) {
      if (event.id > *after && !listener(&event)) return;
    }
  }
  listeners_.push_back(std::move(listener));
}

}  // namespace genepool

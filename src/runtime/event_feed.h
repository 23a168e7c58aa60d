// EventFeed: what happened, numbered, for whoever watches: a page, `top`, a script. The last kKept are kept for those who come back.
// Numbers grow over a restart too (they begin at the Unix time in microseconds), so a watcher can say where it was.
// Owner: the runtime. Thread: the strand.
// Not here: what the events mean for people (docs/reference/admin-api.md), JSON (api/events.cc).
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace genepool {

struct FeedEvent {
  struct Field {
    std::string_view name;  // static storage
    std::variant<std::string, double, std::int64_t> value;
  };
  std::uint64_t id = 0;
  std::int64_t unix_ms = 0;
  std::string_view type;  // static storage: "request", "tier", "worker", "breaker", "thrash", "hit_rate", "decision", "prewarm", "outcome", "setting", "base"
  std::vector<Field> fields;
};

class EventFeed {
 public:
  static constexpr std::size_t kKept = 2048;
  EventFeed();

  void publish(std::string_view type, std::vector<FeedEvent::Field> fields);

  // A second has passed: a watcher may want to look, or be gone.
  void tick();

  // Calls `listener` with each event to come (null: a tick), until it answers false; with `after`, first with those kept whose
  // number is above.
  using Listener = std::function<bool(const FeedEvent* event)>;
  void follow(std::optional<std::uint64_t> after, Listener listener);

  // Nothing that came after `after` is gone already.
  [[nodiscard]] bool is_complete_after(std::optional<std::uint64_t> after) const { return !after || *after + 1 >= first_kept_; }

 private:
  void tell(const FeedEvent* event);
  std::deque<FeedEvent> kept_;
  std::list<Listener> listeners_;
  std::uint64_t last_, first_kept_;  // first_kept_: numbers below it are known to be gone
};

}  // namespace genepool

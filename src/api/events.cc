// GET /api/events: what happens, as server-sent events, and once a second how things are. docs/reference/admin-api.md is the contract.
#include <charconv>

#include "api/context.h"
#include "api/views.h"

namespace genepool::api {
namespace {

std::string event_text(const FeedEvent& event) {
  Out data{{"time_ms", event.unix_ms}};
  for (const FeedEvent::Field& field : event.fields) {
    std::visit([&](const auto& value) { data[std::string(field.name)] = value; }, field.value);
  }
  return fmt::format("id: {}\nevent: {}\ndata: {}\n\n", event.id, event.type, dump(data));
}

// Where a watcher that comes back was: the header of its browser, or `after` of its query.
Result<std::optional<std::uint64_t>> place_of(const Call& call) {
  const std::string query = call.query("after");
  const std::string text = query.empty() ? std::string(call.request.header("last-event-id")) : query;
  if (text.empty()) return std::nullopt;
  std::uint64_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (error == std::errc() && end == text.data() + text.size()) return id;
  return fail_param(Code::kBadRequest, "after", "\"{}\" is no number of an event", text);
}

// One watcher. The feed keeps it until its client is gone, which is seen within a second.
class Watcher : public std::enable_shared_from_this<Watcher> {
 public:
  Watcher(Runtime& runtime, CallPtr call) : runtime_(runtime), call_(std::move(call)) {}

  void begin(std::optional<std::uint64_t> after) {
    call_->writer->start_stream(200, {{"content-type", "text/event-stream"}, {"cache-control", "no-cache"}, {"x-accel-buffering", "no"}});
    call_->count(200);
    runtime_.follow_events(
        after,
        [self = shared_from_this()](bool is_complete) {
          if (!is_complete) self->write("event: missed\ndata: {}\n\n");
        },
        [self = shared_from_this()](const FeedEvent* event) { return event == nullptr ? self->look() : self->write(event_text(*event)); });
    (void)look();
  }

 private:
  bool write(const std::string& text) {
    if (!call_->writer->write(text)) is_gone_ = true;
    return !is_gone_;
  }
  // How things are is asked where it may block; a client that is slow to read gets the next one when the last was written.
  bool look() {
    if (!is_gone_ && !is_looking_.exchange(true)) {
      runtime_.offload([self = shared_from_this()] {
        self->write(fmt::format("event: status\ndata: {}\n\n", dump(status_json(self->runtime_))));
        self->is_looking_ = false;
      });
    }
    return !is_gone_;
  }

  Runtime& runtime_;
  const CallPtr call_;
  std::atomic<bool> is_gone_{false}, is_looking_{false};
};

}  // namespace

void add_events(Router& router, Context& context) {
  router.add("GET", "/api/events", [&](const CallPtr& call) {
    const auto after = place_of(*call);
    if (!after) return call->reply_error(after.error());
    std::make_shared<Watcher>(context.runtime, call)->begin(*after);
  });
}

}  // namespace genepool::api

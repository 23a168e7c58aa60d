#include "http/exchange.h"

#include <gtest/gtest.h>

#include <string>

namespace genepool {
namespace {

struct Fixture {
  explicit Fixture(ExchangeOptions options = {}) : exchange(std::make_shared<Exchange>(options, [this] { ++wakes; })) {}
  std::string taken() {
    std::string bytes;
    last = exchange->take(bytes);
    const std::size_t end = bytes.find("\r\n\r\n");
    if (!bytes.starts_with("HTTP/")) return bytes;
    head = bytes.substr(0, end);
    return bytes.substr(end + 4);
  }
  int wakes = 0;
  std::shared_ptr<Exchange> exchange;
  Exchange::Batch last;
  std::string head;
};

TEST(Exchange, a_reply_has_length_and_request_id) {
  Fixture f({.request_id = "abc"});
  f.exchange->reply(404, {{"content-type", "text/plain"}}, "no");
  EXPECT_EQ(f.taken(), "no");
  EXPECT_TRUE(f.last.is_last);
  EXPECT_TRUE(f.head.starts_with("HTTP/1.1 404 Not Found\r\ndate: ")) << f.head;
  EXPECT_NE(f.head.find("\r\nx-request-id: abc\r\ncontent-type: text/plain\r\ncontent-length: 2"), std::string::npos);
}

TEST(Exchange, head_gets_the_length_and_no_body) {
  Fixture f({.is_head = true});
  f.exchange->reply(200, {}, "hello");
  EXPECT_EQ(f.taken(), "");
  EXPECT_NE(f.head.find("content-length: 5"), std::string::npos);
}

TEST(Exchange, a_stream_is_chunked_and_ended) {
  Fixture f;
  f.exchange->start_stream(200, {});
  EXPECT_TRUE(f.exchange->write("hello world, hello"));
  EXPECT_TRUE(f.exchange->write(""));
  EXPECT_EQ(f.taken(), "12\r\nhello world, hello\r\n");
  EXPECT_FALSE(f.last.is_last);
  f.exchange->finish();
  EXPECT_EQ(f.taken(), "0\r\n\r\n");
  EXPECT_TRUE(f.last.is_last);
  EXPECT_FALSE(f.exchange->write("late"));
}

TEST(Exchange, wakes_once_until_taken) {
  Fixture f;
  f.exchange->start_stream(200, {});
  EXPECT_EQ(f.wakes, 0);  // the connection comes by itself after the handler
  (void)f.taken();
  f.exchange->write("a");
  f.exchange->write("b");
  EXPECT_EQ(f.wakes, 1);
}

TEST(Exchange, a_reader_too_far_behind_is_cut) {
  Fixture f({.outbox_max = 300});
  f.exchange->start_stream(200, {});
  EXPECT_FALSE(f.exchange->write(std::string(300, 'x')));
  EXPECT_TRUE(f.exchange->is_broken());
}

TEST(Exchange, a_dropped_writer_answers_500_or_breaks_the_stream) {
  Fixture held;
  { const auto writer = make_writer(held.exchange); }
  (void)held.taken();
  EXPECT_TRUE(held.head.starts_with("HTTP/1.1 500")) << held.head;
  Fixture streaming;
  { make_writer(streaming.exchange)->start_stream(200, {}); }
  EXPECT_TRUE(streaming.exchange->is_broken());
}

TEST(Exchange, a_lost_client_is_told_once_and_also_late) {
  Fixture f;
  int told = 0;
  f.exchange->on_client_gone([&] { ++told; });
  f.exchange->lose();
  f.exchange->lose();
  EXPECT_EQ(told, 1);
  f.exchange->on_client_gone([&] { ++told; });
  EXPECT_EQ(told, 2);
  f.exchange->reply(200, {}, "nobody reads");
  EXPECT_EQ(f.taken(), "");
}

TEST(Exchange, a_finished_answer_tells_nobody) {
  Fixture f;
  int told = 0;
  f.exchange->on_client_gone([&] { ++told; });
  f.exchange->reply(200, {}, "done");
  (void)f.taken();
  f.exchange->detach();
  f.exchange->lose();
  EXPECT_EQ(told, 0);
}

TEST(Exchange, pings_only_when_silent) {
  Fixture f;
  f.exchange->ping_when_silent(std::chrono::milliseconds(10), ": ping\n\n");
  EXPECT_FALSE(f.exchange->next_due());  // no stream yet
  f.exchange->start_stream(200, {});
  (void)f.taken();
  const Instant due = *f.exchange->next_due();
  f.exchange->run_due(due - std::chrono::milliseconds(1));
  EXPECT_EQ(f.taken(), "");
  f.exchange->run_due(due);
  EXPECT_EQ(f.taken(), "8\r\n: ping\n\n\r\n");
  EXPECT_EQ(*f.exchange->next_due(), due + std::chrono::milliseconds(10));
}

TEST(Exchange, the_timer_fires_once_and_not_after_the_end) {
  Fixture f;
  int fired = 0;
  f.exchange->call_after(std::chrono::milliseconds(5), [&] { ++fired; });
  const Instant due = *f.exchange->next_due();
  f.exchange->run_due(due);
  f.exchange->run_due(due);
  EXPECT_EQ(fired, 1);
  f.exchange->call_after(std::chrono::milliseconds(5), [&] { ++fired; });
  f.exchange->reply(200, {}, "");
  f.exchange->run_due(due + std::chrono::seconds(1));
  EXPECT_EQ(fired, 1);
}

}  // namespace
}  // namespace genepool

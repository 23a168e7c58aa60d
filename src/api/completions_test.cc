// The two completion endpoints from request to last byte, on a FakeRuntime; the last tests over real sockets.
#include <gtest/gtest.h>

#include <thread>

#include "api/fake_writer.h"
#include "api/json.h"
#include "http/http_client.h"
#include "http/http_server.h"

namespace genepool {
namespace {

using api::Json;

class Completions : public testing::Test, protected ApiFixture {
 protected:
  double requests(std::string_view code, std::string_view endpoint = "/v1/chat/completions") {
    return runtime.metrics().value(Counter::kRequests, {endpoint, code});
  }
};

TEST_F(Completions, a_whole_answer_is_held_until_done) {
  const auto reply = chat("");
  EXPECT_EQ(reply->status, 0);
  sink().on_stage("queued");
  sink().on_accepted(10, 0);
  sink().on_tokens(tokens("Aye"));
  sink().on_tokens(tokens(" aye"));
  EXPECT_EQ(reply->status, 0);
  sink().on_end(answered());
  EXPECT_EQ(reply->status, 200);
  const Json body = Json::parse(reply->body);
  EXPECT_EQ(body["choices"][0]["message"]["content"], "Aye aye");
  EXPECT_EQ(body["model"], "captain");
  EXPECT_EQ(body["genepool"]["tier"], "warm");
  EXPECT_EQ(requests("200"), 1);
}

TEST_F(Completions, the_runtime_gets_what_was_asked) {
  (void)chat(R"(,"stream":true,"keep_alive":0)");
  const FakeRuntime::Asked& asked = runtime.asked.back();
  EXPECT_EQ(asked.genome.name, "captain");
  EXPECT_EQ(asked.params.max_tokens, 7U);
  EXPECT_FALSE(asked.params.keep_hot);
  EXPECT_EQ(std::get<std::vector<ChatMessage>>(asked.params.prompt).size(), 2U);
}

TEST_F(Completions, refusals_before_the_runtime) {
  EXPECT_EQ(chat("", "captan")->status, 404);
  EXPECT_EQ(chat(R"(,"temperature":9)")->status, 400);
  EXPECT_EQ(ask("POST", "/v1/completions", "{")->status, 400);
  EXPECT_TRUE(runtime.asked.empty());
  EXPECT_EQ(requests("404"), 1);
}

TEST_F(Completions, a_held_error_has_its_status_and_headers) {
  const auto reply = chat("");
  Outcome full = failed(Code::kQueueFull, "full");
  full.error->retry_after = std::chrono::milliseconds(2500);
  sink().on_end(full);
  EXPECT_EQ(reply->status, 429);
  EXPECT_EQ(reply->header("retry-after"), "3");
  EXPECT_EQ(requests("429"), 1);
}

TEST_F(Completions, a_genome_that_is_kept_out_says_when_to_come_back) {
  const auto soon = chat("");
  Outcome open = failed(Code::kBreakerOpen);
  open.error->retry_after = std::chrono::milliseconds(1500);
  sink().on_end(open);
  EXPECT_EQ(soon->status, 503);
  EXPECT_EQ(soon->header("retry-after"), "2");
  EXPECT_EQ(soon->header("x-should-retry"), "");

  const auto late = chat("");
  Outcome shut = failed(Code::kKeptOut);
  shut.error->retry_after = std::chrono::seconds(60);
  sink().on_end(shut);
  EXPECT_EQ(late->status, 503);
  EXPECT_EQ(late->header("retry-after"), "60");
  EXPECT_EQ(late->header("x-should-retry"), "false");
}

TEST_F(Completions, a_fallback_says_who_answered) {
  Receipt receipt;
  receipt.genome = "base";
  receipt.identity = std::string(64, 'b');
  receipt.fallback_for = "captain";
  Outcome outcome = answered();
  outcome.receipt = receipt;
  for (const std::string stream : {"", R"(,"stream":true)"}) {
    const auto reply = chat(stream + R"(,"genepool":{"fallback":["base"]})");
    EXPECT_EQ(runtime.asked.back().params.fallbacks.size(), 1U);
    sink().on_stage("queued");
    sink().on_fallback(receipt);
    sink().on_accepted(10, 0);
    sink().on_tokens(tokens("Hello"));
    sink().on_end(outcome);
    EXPECT_EQ(reply->status, 200);
    EXPECT_EQ(reply->header("x-genepool-fallback"), "base");
    EXPECT_NE(reply->body.find(R"("model":"base")"), std::string::npos) << reply->body;
    EXPECT_EQ(reply->body.find(R"("model":"captain")"), std::string::npos) << reply->body;
    EXPECT_NE(reply->body.find(R"("genome":"base","fallback_for":"captain")"), std::string::npos) << reply->body;
  }
  const auto own = chat("");
  sink().on_end(answered());
  EXPECT_EQ(own->header("x-genepool-fallback"), "");
  EXPECT_TRUE(Json::parse(own->body)["genepool"]["fallback_for"].is_null());
}

TEST_F(Completions, an_unknown_fallback_is_refused_before_anything_else) {
  const auto reply = chat(R"(,"genepool":{"fallback":["nobody"]})");
  EXPECT_EQ(reply->status, 400);
  EXPECT_TRUE(runtime.asked.empty());
}

TEST_F(Completions, a_held_answer_gives_up_before_node_does) {
  const auto reply = chat("");
  EXPECT_EQ(reply->timer_delay, std::chrono::seconds(290));
  reply->timer();
  EXPECT_EQ(reply->status, 504);
  EXPECT_EQ(reply->header("x-should-retry"), "false");
  EXPECT_EQ(runtime.cancelled, std::vector<RequestId>{1});
  sink().on_end(failed(Code::kCancelled));
  EXPECT_EQ(requests("504"), 1);
  EXPECT_EQ(requests("499"), 0);
}

TEST_F(Completions, a_stream_of_a_hot_genome_opens_when_accepted) {
  const auto reply = chat(R"(,"stream":true)");
  sink().on_stage("queued");
  sink().on_stage("granted");
  EXPECT_EQ(reply->status, 0);
  sink().on_accepted(10, 0);
  EXPECT_EQ(reply->status, 200);
  EXPECT_EQ(reply->header("content-type"), "text/event-stream");
  EXPECT_EQ(reply->header("x-accel-buffering"), "no");
  sink().on_tokens(tokens("Aye"));
  sink().on_end(answered());
  EXPECT_TRUE(reply->is_finished);
  EXPECT_TRUE(reply->body.starts_with("data: {")) << reply->body;
  EXPECT_TRUE(reply->body.ends_with("data: [DONE]\n\n"));
  EXPECT_EQ(requests("200"), 1);
}

TEST_F(Completions, a_hot_genome_refuses_a_long_prompt_with_a_status) {
  const auto reply = chat(R"(,"stream":true)");
  sink().on_stage("queued");
  sink().on_stage("granted");
  sink().on_end(failed(Code::kBadRequest, "the prompt has 5000 tokens"));
  EXPECT_EQ(reply->status, 400);
  EXPECT_FALSE(reply->is_stream);
}

TEST_F(Completions, a_full_queue_is_a_status_for_streams_too) {
  const auto reply = chat(R"(,"stream":true)");
  sink().on_stage("queued");
  sink().on_end(failed(Code::kQueueFull));
  EXPECT_EQ(reply->status, 429);
}

TEST_F(Completions, a_cold_genome_opens_the_stream_at_once_and_fails_inside_it) {
  const auto reply = chat(R"(,"stream":true)");
  sink().on_stage("queued");
  sink().on_stage("cold: loading layers");
  EXPECT_EQ(reply->status, 200);
  EXPECT_EQ(reply->body, ": cold: loading layers\n\n");
  sink().on_stage("granted");
  sink().on_end(failed(Code::kLayerCorrupt, "bad bytes"));
  EXPECT_EQ(reply->body,
            ": cold: loading layers\n\n: granted\n\n"
            "data: {\"error\":{\"message\":\"bad bytes\",\"type\":\"invalid_request_error\",\"param\":null,\"code\":\"layer_corrupt\"}}\n\n"
            "data: [DONE]\n\n");
  EXPECT_TRUE(reply->is_finished);
  EXPECT_EQ(requests("422"), 1) << "counted as what it was, not as the 200 on the wire";
}

TEST_F(Completions, a_queued_stream_opens_after_a_moment) {
  const auto reply = chat(R"(,"stream":true)");
  sink().on_stage("queued");
  ASSERT_TRUE(reply->timer);
  reply->timer();
  EXPECT_EQ(reply->body, ": queued\n\n");
  reply->timer();
  EXPECT_EQ(reply->body, ": queued\n\n");
}

TEST_F(Completions, pings_are_comments_by_the_setting) {
  EXPECT_EQ(chat(R"(,"stream":true)")->ping_every, std::chrono::seconds(10));
  EXPECT_EQ(ask("POST", "/api/knobs", R"({"name":"server.ping","value":"50ms"})")->status, 200);
  const auto reply = chat(R"(,"stream":true)");
  EXPECT_EQ(reply->ping_every, std::chrono::milliseconds(50));
  EXPECT_EQ(reply->ping, ": ping\n\n");
}

TEST_F(Completions, a_second_worker_does_not_begin_the_answer_again) {
  const auto reply = chat(R"(,"stream":true)");
  sink().on_accepted(10, 0);
  const std::string once = reply->body;
  sink().on_accepted(10, 0);
  EXPECT_EQ(reply->body, once);
}

TEST_F(Completions, a_client_that_left_is_cancelled_and_counted_as_499) {
  const auto reply = chat(R"(,"stream":true)");
  sink().on_accepted(10, 0);
  reply->gone();
  EXPECT_EQ(runtime.cancelled, std::vector<RequestId>{1});
  sink().on_end(failed(Code::kCancelled));
  EXPECT_EQ(requests("499"), 1);
}

TEST_F(Completions, an_operator_cancels_by_request_id) {
  const auto reply = chat("");
  EXPECT_EQ(ask("POST", "/api/inflight/req_9/cancel")->status, 404);
  EXPECT_EQ(ask("POST", "/api/inflight/req_1/cancel")->body, R"({"cancelled":"req_1"})");
  EXPECT_EQ(runtime.cancelled, std::vector<RequestId>{1});
  sink().on_end(failed(Code::kCancelled));
  EXPECT_EQ(reply->status, 499);
  EXPECT_EQ(ask("POST", "/api/inflight/req_1/cancel")->status, 404);
}

TEST_F(Completions, text_completions_stream_too) {
  const auto reply = ask("POST", "/v1/completions", R"({"model":"base","prompt":"Once","stream":true})");
  sink().on_accepted(1, 0);
  sink().on_tokens(tokens(" upon"));
  sink().on_end(answered(FinishReason::kLength));
  EXPECT_NE(reply->body.find(R"("text":" upon")"), std::string::npos);
  EXPECT_EQ(requests("200", "/v1/completions"), 1);
}

// ---- over sockets

class CompletionsWire : public Completions {
 protected:
  void SetUp() override {
    auto opened = HttpServer::open({.listen = "127.0.0.1:0"}, [this](HttpRequest request, std::shared_ptr<ResponseWriter> writer) {
      api.handle(std::move(request), std::move(writer));
    });
    ASSERT_TRUE(opened) << opened.error().message;
    server = std::move(*opened);
  }
  void TearDown() override { server->stop(Duration::zero()); }
  template <class Condition>
  static bool within(std::chrono::milliseconds limit, Condition condition) {
    const Instant end = monotonic_now() + limit;
    while (!condition() && monotonic_now() < end) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return condition();
  }
  std::unique_ptr<HttpServer> server;
};

const char* const kStream = R"({"model":"captain","messages":[{"role":"user","content":"hi"}],"stream":true})";

TEST_F(CompletionsWire, pings_while_a_request_is_held) {
  ASSERT_TRUE(runtime.set_param("server.ping", "20ms"));
  (void)ask("POST", "/api/knobs", R"({"name":"server.ping","value":20})");
  HttpClient client = std::move(*HttpClient::open(fmt::format("127.0.0.1:{}", server->port())));
  std::string got;
  std::thread strand([&] {
    ASSERT_TRUE(within(std::chrono::seconds(5), [&] { return runtime.asked_count() == 1; }));
    sink().on_stage("cold: loading layers");
    std::this_thread::sleep_for(std::chrono::milliseconds(70));
    sink().on_accepted(10, 0);
    sink().on_end(answered());
  });
  const auto reply = client.stream("POST", "/v1/chat/completions", kStream, {}, [&](std::string_view bytes) {
    got += bytes;
    return true;
  });
  strand.join();
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_TRUE(got.starts_with(": cold: loading layers\n\n: ping\n\n: ping\n\n")) << got;
  EXPECT_TRUE(got.ends_with("data: [DONE]\n\n"));
}

TEST_F(CompletionsWire, a_lost_client_reaches_the_runtime_within_50_ms) {
  std::thread strand([&] {
    ASSERT_TRUE(within(std::chrono::seconds(5), [&] { return runtime.asked_count() == 1; }));
    sink().on_accepted(10, 0);
  });
  {
    HttpClient client = std::move(*HttpClient::open(fmt::format("127.0.0.1:{}", server->port())));
    const auto reply = client.stream("POST", "/v1/chat/completions", kStream, {}, [](std::string_view) { return false; });
    ASSERT_TRUE(reply) << reply.error().message;
    EXPECT_EQ(reply->status, 200);
  }
  EXPECT_TRUE(within(std::chrono::milliseconds(50), [&] { return runtime.cancelled_ones().size() == 1; }));
  strand.join();
}

}  // namespace
}  // namespace genepool

// For tests only: a ResponseWriter that keeps what was written, and an Api on a FakeRuntime to write it.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "api/api.h"
#include "api/fake_runtime.h"
#include "http/http.h"

namespace genepool {

struct Recorded {
  int status = 0;  // 0 = nothing yet
  Headers headers;
  std::string body;
  bool is_stream = false, is_finished = false, is_aborted = false;
  std::function<void()> gone, timer;
  Duration timer_delay{}, ping_every{};
  std::string ping;
  [[nodiscard]] std::string_view header(std::string_view name) const { return header_value(headers, name); }
};

class RecordingWriter final : public ResponseWriter {
 public:
  explicit RecordingWriter(std::shared_ptr<Recorded> to) : to_(std::move(to)) {}
  void reply(int status, Headers headers, std::string body) override {
    if (to_->is_finished) return;
    to_->status = status;
    to_->headers = std::move(headers);
    to_->body = std::move(body);
    to_->is_finished = true;
  }
  void start_stream(int status, Headers headers) override {
    to_->status = status;
    to_->headers = std::move(headers);
    to_->is_stream = true;
  }
  bool write(std::string_view chunk) override {
    if (!to_->is_stream || to_->is_finished) return false;
    to_->body += chunk;
    return true;
  }
  void finish() override { to_->is_finished = true; }
  void abort() override { to_->is_aborted = true; }
  void on_client_gone(std::function<void()> callback) override { to_->gone = std::move(callback); }
  void ping_when_silent(Duration every, std::string chunk) override {
    to_->ping_every = every;
    to_->ping = std::move(chunk);
  }
  void call_after(Duration delay, std::function<void()> callback) override {
    to_->timer_delay = delay;
    to_->timer = std::move(callback);
  }

 private:
  std::shared_ptr<Recorded> to_;  // outlives the writer: the test looks at it afterwards
};

struct ApiFixture {
  ApiFixture() {
    runtime.status_.base_phase = BasePhase::kReady;
    (void)runtime.add_layer("/l/pirate", "pirate", {});
    (void)runtime.add_layer("/l/short", "short", {});
    Store::NewGenome captain;
    captain.name = "captain";
    captain.base = runtime.base().id;
    captain.stack = {{"pirate", 0.8F}, {"short", 0.4F}};
    captain.system_prompt = "You are a captain.";
    captain.default_parameters = R"({"temperature":0.5,"max_tokens":7})";
    (void)runtime.store().create_genome(captain);
  }
  std::shared_ptr<Recorded> ask(std::string method, std::string target, std::string body = "", Headers headers = {},
                                bool is_local = false) {
    HttpRequest request;
    const std::size_t question = target.find('?');
    request.method = std::move(method);
    request.path = target.substr(0, question);
    if (question != std::string::npos) request.query = target.substr(question + 1);
    request.headers = std::move(headers);
    request.body = std::move(body);
    request.request_id = "req_1";
    request.is_local_socket = is_local;
    auto recorded = std::make_shared<Recorded>();
    api.handle(std::move(request), std::make_shared<RecordingWriter>(recorded));
    return recorded;
  }
  std::shared_ptr<Recorded> chat(const std::string& fields, const std::string& model = "captain") {
    return ask("POST", "/v1/chat/completions",
               R"({"model":")" + model + R"(","messages":[{"role":"user","content":"hi"}])" + fields + "}");
  }
  ResponseSink& sink() { return *runtime.asked.back().sink; }

  FakeRuntime runtime;
  Api api{runtime};
};

[[nodiscard]] inline TokensOut tokens(std::string text, std::uint32_t count = 1) {
  TokensOut out;
  out.text = std::move(text);
  out.tokens = count;
  return out;
}

[[nodiscard]] inline Outcome answered(FinishReason reason = FinishReason::kStop) {
  Outcome outcome;
  outcome.reason = reason;
  outcome.prompt_tokens = 10;
  outcome.cached_tokens = 4;
  outcome.completion_tokens = 2;
  outcome.receipt.genome = "captain";
  outcome.receipt.tier = Tier::kWarm;
  outcome.receipt.layers = {{"pirate", 0.8F, 1.25, 0.5}};
  return outcome;
}

[[nodiscard]] inline Outcome failed(Code code, const std::string& message = "why") {
  Outcome outcome;
  outcome.error = Error{code, message, "", std::nullopt};
  return outcome;
}

}  // namespace genepool

// POST /v1/chat/completions and /v1/completions.
//
// A whole answer is held until it is complete. A stream's 200 goes out at the first of
//   the worker has accepted the prompt     a HOT or WARM genome: milliseconds, and until then an error has its own status
//   an assembly has begun                  a COLD genome: the stage is the first comment
//   kOpenAfter                             it waits in the queue: nobody likes a silent connection
// so that a refusal of the pool (queue full, draining) and a prompt that is too long for a HOT genome are clean statuses, and
// nothing that takes long is silent. Afterwards an error is a chunk, which makes OpenAI's clients raise.
#include <mutex>

#include "api/context.h"
#include "api/openai_answer.h"
#include "api/openai_request.h"

namespace genepool::api {
namespace {

constexpr Duration kOpenAfter = std::chrono::milliseconds(250);
// Node's fetch gives up after 300 s without a byte: a held answer ends with our own error before that.
constexpr Duration kHeldLimit = std::chrono::seconds(290);

// The runtime's two words for "no assembly": everything else it tells is one.
bool is_waiting_stage(std::string_view stage) { return stage == "queued" || stage == "granted"; }

// 499 in the metrics and nothing on the wire when the client is gone; an operator's cancel finds the client there.
int status_of(const Outcome& outcome) { return outcome.error ? error_row(outcome.error->code).http_status : 200; }

class SinkBase : public ResponseSink {
 public:
  SinkBase(Context& context, CallPtr call, AnswerHead head)
      : context_(context), call_(std::move(call)), head_(std::move(head)) {
    context_.inflight.begin(head_.id);
    context_.inflight.begin(call_->request.request_id);
  }
  void started(RequestId request) {
    context_.inflight.started(head_.id, request);
    context_.inflight.started(call_->request.request_id, request);
  }

 protected:
  void ended() {
    context_.inflight.end(head_.id);
    context_.inflight.end(call_->request.request_id);
  }

  Context& context_;
  const CallPtr call_;
  AnswerHead head_;
};

constexpr const char* kFallbackHeader = "x-genepool-fallback";

class HeldSink final : public SinkBase {
 public:
  using SinkBase::SinkBase;
  void on_fallback(const Receipt& receipt) override {
    set_answerer(head_, receipt.genome, receipt.identity);
    headers_ = {{kFallbackHeader, receipt.genome}};
  }
  void on_accepted(std::uint32_t, std::uint32_t) override {}
  void on_tokens(const TokensOut& tokens) override {
    text_ += tokens.text;
    logprobs_.insert(logprobs_.end(), tokens.logprobs.begin(), tokens.logprobs.end());
  }
  void on_end(const Outcome& outcome) override {
    ended();
    if (!take_turn()) return;
    if (outcome.error) return call_->reply_error(*outcome.error);
    call_->reply_json(200, whole_answer(head_, text_, logprobs_, outcome), headers_);
  }
  // On the HTTP thread. True: this answered, the runtime has to be told.
  bool expire() {
    if (!take_turn()) return false;
    call_->reply_error(fail(Code::kDeadlineExceeded, "no complete answer within {:.0f} s: ask for a stream or for fewer tokens",
                            to_ms(kHeldLimit) / 1000)
                           .value());
    return true;
  }

 private:
  bool take_turn() { return !is_answered_.exchange(true); }

  std::atomic<bool> is_answered_{false};
  std::string text_;                     // strand only
  Headers headers_;                      // strand only
  std::vector<TokenLogprobs> logprobs_;  // strand only
};

class StreamSink final : public SinkBase {
 public:
  StreamSink(Context& context, CallPtr call, AnswerHead head)
      : SinkBase(context, std::move(call), std::move(head)), stream_(head_) {}

  void on_stage(std::string_view stage) override {
    const std::lock_guard lock(mutex_);
    stage_ = stage;
    if (!is_open_ && is_waiting_stage(stage)) return;
    open_and_tell();
  }
  // Nothing has been written of the stream but perhaps a comment: then there is no header, and each chunk says who answers.
  void on_fallback(const Receipt& receipt) override {
    set_answerer(head_, receipt.genome, receipt.identity);
    stream_ = StreamText(head_);
    const std::lock_guard lock(mutex_);
    fallback_ = receipt.genome;
  }
  void on_accepted(std::uint32_t, std::uint32_t) override {
    if (std::exchange(has_begun_, true)) return;  // a second worker took over from one that died
    {
      const std::lock_guard lock(mutex_);
      open();
    }
    call_->writer->write(stream_.begin());
  }
  void on_tokens(const TokensOut& tokens) override {
    chunk_.clear();
    stream_.tokens(chunk_, tokens);
    call_->writer->write(chunk_);
  }
  void on_end(const Outcome& outcome) override {
    ended();
    const std::lock_guard lock(mutex_);
    if (std::exchange(is_ended_, true)) return;
    if (outcome.error && !is_open_) return call_->reply_error(*outcome.error);
    open();
    call_->count(status_of(outcome));
    call_->writer->write(outcome.error ? StreamText::error(*outcome.error) : stream_.end(outcome));
    call_->writer->finish();
  }
  void open_if_silent() {  // on the HTTP thread
    const std::lock_guard lock(mutex_);
    if (!is_open_) open_and_tell();
  }

 private:
  // Both: mutex_ is held.
  void open_and_tell() {
    if (is_ended_) return;
    open();
    call_->writer->write(comment(stage_));
  }
  void open() {
    if (std::exchange(is_open_, true)) return;
    Headers headers{{"content-type", "text/event-stream"},
                    {"cache-control", "no-cache"},
                    {"x-accel-buffering", "no"}};  // nginx would collect our chunks
    if (!fallback_.empty()) headers.emplace_back(kFallbackHeader, fallback_);
    call_->writer->start_stream(200, std::move(headers));
  }

  std::mutex mutex_;  // guards the next five: the strand and the HTTP thread's timer
  bool is_open_ = false, is_ended_ = false;
  std::string stage_ = "queued", fallback_;
  // strand only
  bool has_begun_ = false;
  StreamText stream_;
  std::string chunk_;
};

void cancel_when_gone(Context& context, const Call& call, RequestId id) {
  call.writer->on_client_gone([&runtime = context.runtime, id] { runtime.cancel(id); });
}

void hold(Context& context, const CallPtr& call, OpenAiRequest request, AnswerHead head) {
  const auto sink = std::make_shared<HeldSink>(context, call, std::move(head));
  request.params.label = call->request.request_id;
  const RequestId id = context.runtime.generate(request.genome, std::move(request.params), sink);
  sink->started(id);
  cancel_when_gone(context, *call, id);
  // Weak: the timer must not keep the answer's writer alive.
  call->writer->call_after(kHeldLimit, [&context, id, weak = std::weak_ptr(sink)] {
    const auto held = weak.lock();
    if (held && held->expire()) context.runtime.cancel(id);
  });
}

void stream(Context& context, const CallPtr& call, OpenAiRequest request, AnswerHead head) {
  const auto sink = std::make_shared<StreamSink>(context, call, std::move(head));
  call->writer->ping_when_silent(std::chrono::milliseconds(context.ping_ms), comment("ping"));
  request.params.label = call->request.request_id;
  const RequestId id = context.runtime.generate(request.genome, std::move(request.params), sink);
  sink->started(id);
  cancel_when_gone(context, *call, id);
  call->writer->call_after(kOpenAfter, [weak = std::weak_ptr(sink)] {
    if (const auto streaming = weak.lock()) streaming->open_if_silent();
  });
}

void complete(Context& context, Dialect dialect, const CallPtr& call) {
  const auto resolve = [&](std::string_view model) { return context.runtime.resolve(model); };
  auto request = parse_openai(dialect, call->request.body, resolve);
  if (!request) return call->reply_error(request.error());
  call->drop_request_text();
  AnswerHead head = make_head(dialect, *request);
  if (request->is_stream) return stream(context, call, std::move(*request), std::move(head));
  hold(context, call, std::move(*request), std::move(head));
}

}  // namespace

void add_completions(Router& router, Context& context) {
  router.add("POST", "/v1/chat/completions", [&](const CallPtr& call) { complete(context, Dialect::kChat, call); });
  router.add("POST", "/v1/completions", [&](const CallPtr& call) { complete(context, Dialect::kCompletions, call); });
}

}  // namespace genepool::api

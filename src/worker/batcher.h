// Batcher: the requests of one genome share decode steps (continuous batching). Each step carries one token for every
// sequence that is decoding, and fills up with prompt tokens of those that are not yet.
// A finished request's tokens stay in its sequence, where the conversation goes on. What another sequence has of a request's
// beginning, free or at work, is shared with it; what is just being computed is waited for.
// When the KV is full, finished sequences are forgotten first; then the newest request gives its place up, waits at the
// head of the line and is computed again from its tokens: an answer is never cut short by a neighbour.
// The KV of finished requests can be saved before the worker ends, and offered to the genome's next worker, where a sequence
// is restored when a request begins with its tokens. Not in deterministic mode.
// Deterministic mode: one request at a time, alone in an empty KV, so that an answer's bits depend on nothing else.
// Owner: the worker. Thread: its only one. Bounds: kMaxWaiting requests wait; more are refused.
// Use:   batcher.start(generate);  while (batcher.has_work()) step under the core gate: batcher.step(threads);
//        engine.set_abort([&] { read the socket: start(), cancel(); return batcher.should_abort(); });
// Not here: sockets, the gate (worker_main.cc), text rules (text_stream.h).
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "engine/engine.h"
#include "worker/messages.h"
#include "worker/saved_kv.h"
#include "worker/text_stream.h"

namespace genepool {

struct BatcherOptions {
  std::uint32_t context_size = 0, sequences = 0, batch_size = 0;
  bool deterministic = false;
};

class Batcher {
 public:
  static constexpr std::size_t kMaxWaiting = 64;
  using Emit = std::function<void(const FromWorker&)>;

  Batcher(Engine& engine, const BatcherOptions& options, Emit emit);
  ~Batcher();

  // Ends in exactly one GenerateDone or GenerateFailed. Both may be called from inside a step, by the abort callback.
  void start(const Generate& generate);
  void cancel(RequestId request);

  // Nothing runs: what of the finished sequences fits into `most` bytes, the last used first. None when nothing is worth it.
  struct Saved {
    MemoryFile file;
    std::size_t tokens = 0;
  };
  [[nodiscard]] Result<std::optional<Saved>> save_kv(const std::string& genome, std::uint64_t most) const;
  // Before the first request.
  void offer_kv(SavedKv saved);

  [[nodiscard]] bool has_work() const { return !running_.empty() || !waiting_.empty(); }
  // Inside a step: nobody wants what is being computed any more.
  [[nodiscard]] bool should_abort() const;

  // One decode with `threads` threads, and the tokens it gives. kAborted: nothing is lost, the next step does it again.
  // kInternal: the engine failed, the worker must end.
  // `others_wait`: other workers want the cores. Then, and beside an answer under way, few prompt tokens are taken at a time:
  // who decodes would wait for all of them.
  [[nodiscard]] Result<DecodeStatus> step(int threads, bool others_wait = false);
  [[nodiscard]] std::size_t step_tokens() const { return step_tokens_; }  // of the step under way, else of the last one

 private:
  struct Request;
  struct Sequence {
    std::vector<Token> kv;       // what the engine has of it, or will have when `saved` is restored
    std::span<const std::byte> saved{};  // not restored yet; points into saved_
    bool is_taken = false;
    std::uint64_t last_used = 0;
  };
  struct Part {  // of a step: tokens [first, first + count) of a request
    Request* request;
    std::size_t first, count;
  };

  void prepare(const Generate& generate);
  void admit();
  void place(std::unique_ptr<Request> request);
  [[nodiscard]] std::int32_t best_sequence(const Request& request) const;
  [[nodiscard]] std::size_t keep_prefix(const Request& request);
  [[nodiscard]] bool will_share_more_later(const Request& request) const;
  [[nodiscard]] bool has_room_for(const Request& request) const;
  [[nodiscard]] std::vector<Part> plan(bool others_wait) const;
  [[nodiscard]] std::vector<BatchToken> batch_of(const std::vector<Part>& parts) const;
  void take_results(const std::vector<Part>& parts);
  void on_token(Request& request, const Sampled& sampled);
  void emit_text(Request& request, std::string text, bool is_last);
  void finish(Request& request, FinishReason reason);
  void fail_request(Request& request, Error error);
  void make_room();
  [[nodiscard]] bool restore(std::int32_t sequence, std::size_t wanted);
  void forget(std::int32_t sequence, std::size_t keep);
  void end(Request& request);
  void free_sequence(const Request& request);
  void sweep();

  Engine& engine_;
  BatcherOptions options_;
  Emit emit_;
  SavedKv saved_;
  std::vector<Sequence> sequences_;
  std::vector<std::unique_ptr<Request>> running_;  // oldest first
  std::deque<std::unique_ptr<Request>> waiting_;
  std::deque<Generate> arrived_;  // while a step was computing
  bool is_computing_ = false;
  std::size_t step_tokens_ = 0;
  bool is_crowded_ = false;  // a request gave its place up: nobody enters until one has ended
  std::uint64_t clock_ = 0;  // orders the use of sequences
};

}  // namespace genepool

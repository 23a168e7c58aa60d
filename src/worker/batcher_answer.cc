// Runs in workers. From drawn tokens to what goes out, and how a request ends.
#include <utility>

#include "worker/batcher_request.h"

namespace genepool {
namespace {

std::int64_t to_us(Duration d) { return std::chrono::duration_cast<std::chrono::microseconds>(d).count(); }

}  // namespace

void Batcher::on_token(Request& request, const Sampled& sampled) {
  if (request.generated() == 0) request.first_token = monotonic_now();
  if (engine_.is_end(sampled.token) && !request.ignores_end) return finish(request, FinishReason::kStop);
  request.tokens.push_back(sampled.token);
  const std::string piece = engine_.piece(sampled.token);
  Request::Pending pending{request.text.received(), {}};
  if (request.wants_logprobs) {
    pending.logprobs.chosen = {sampled.token, sampled.logprob, piece};
    for (const TokenLogprob& top : sampled.top) {
      pending.logprobs.top.push_back({top.token, top.logprob, engine_.piece(top.token)});
    }
  }
  request.pending.push_back(std::move(pending));
  std::string text = request.text.push(piece);
  const bool is_full = request.generated() == request.max_tokens || request.tokens.size() > options_.context_size;
  const bool has_ended = request.text.is_stopped() || is_full;
  if (is_full && !request.text.is_stopped()) text += request.text.finish();
  emit_text(request, std::move(text), has_ended);
  if (has_ended) finish(request, request.text.is_stopped() ? FinishReason::kStop : FinishReason::kLength);
}

void Batcher::emit_text(Request& request, std::string text, bool is_last) {
  TokensOut out{request.id, std::move(text), 0, {}};
  std::size_t released = 0;
  while (released < request.pending.size()) {
    Request::Pending& pending = request.pending[released];
    const bool is_out = pending.text_at < request.text.released() || (is_last && !request.text.is_stopped());
    if (!is_out && !is_last) break;
    if (is_out && request.wants_logprobs) out.logprobs.push_back(std::move(pending.logprobs));
    ++released;
  }
  request.pending.erase(request.pending.begin(), request.pending.begin() + static_cast<std::ptrdiff_t>(released));
  out.tokens = static_cast<std::uint32_t>(released);
  if (released > 0 || !out.text.empty()) emit_(out);
}

void Batcher::finish(Request& request, FinishReason reason) {
  if (!request.text.is_stopped() && reason != FinishReason::kCancelled) emit_text(request, request.text.finish(), true);
  const Instant now = monotonic_now();
  const bool has_started = request.started != Instant{};
  const bool has_answered = request.first_token != Instant{};
  GenerateDone done{request.id, reason};
  done.prompt_tokens = static_cast<std::uint32_t>(request.prompt_size);
  done.cached_tokens = static_cast<std::uint32_t>(request.cached);
  done.completion_tokens = static_cast<std::uint32_t>(request.generated());
  if (has_started) done.prefill_us = to_us((has_answered ? request.first_token : now) - request.started);
  if (has_answered) done.decode_us = to_us(now - request.first_token);
  end(request);
  emit_(done);
}

void Batcher::fail_request(Request& request, Error error) {
  end(request);
  emit_(GenerateFailed{request.id, std::move(error)});
}

// It goes at the next sweep().
void Batcher::end(Request& request) {
  free_sequence(request);
  request.has_ended = true;
  is_crowded_ = false;
}

// Its tokens stay, for a request that begins with the same ones.
void Batcher::free_sequence(const Request& request) {
  if (request.sequence < 0) return;
  Sequence& sequence = sequences_[static_cast<std::size_t>(request.sequence)];
  sequence.is_taken = false;
  sequence.last_used = ++clock_;
}

}  // namespace genepool

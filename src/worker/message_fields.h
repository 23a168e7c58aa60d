// One walk over the fields of each message: writing and reading both use it, so they cannot drift apart.
// A new field goes here and into kProtocolVersion.
#pragma once

#include <type_traits>

#include "worker/messages.h"
#include "worker/wire.h"

namespace genepool {

template <>
inline constexpr FinishReason kLastOf<FinishReason> = FinishReason::kCancelled;
template <>
inline constexpr Code kLastOf<Code> = Code::kStoreFull;

// T is M or const M: the reader fills it, the writer only looks.
template <class T, class M>
concept Is = std::is_same_v<std::remove_const_t<T>, M>;

void fields(auto& visit, Is<Error> auto& m) { visit(m.code, m.message, m.param, m.retry_after); }
void fields(auto& visit, Is<EngineInfo> auto& m) {
  visit(m.engine, m.context_size, m.vocabulary, m.weights_bytes, m.kv_bytes_per_token, m.longest_token);
}
void fields(auto& visit, Is<LayerEffect> auto& m) { visit(m.kl, m.top1_changed, m.prompts, m.is_none); }
void fields(auto& visit, Is<ChatMessage> auto& m) { visit(m.role, m.content); }
void fields(auto& visit, Is<SamplingParams> auto& m) {
  visit(m.temperature, m.top_p, m.top_k, m.min_p, m.presence_penalty, m.frequency_penalty, m.repeat_penalty, m.seed,
        m.logit_bias, m.top_logprobs);
}
void fields(auto& visit, Is<TokenPiece> auto& m) { visit(m.token, m.logprob, m.text); }
void fields(auto& visit, Is<TokenLogprobs> auto& m) { visit(m.chosen, m.top); }

void fields(auto& visit, Is<ForkWorker> auto& m) { visit(m.worker); }

void fields(auto& visit, Is<ZygoteHello> auto& m) { visit(m.protocol, m.info, m.load_us); }
void fields(auto& visit, Is<ZygoteFailed> auto& m) { visit(m.error); }
void fields(auto& visit, Is<WorkerSpawned> auto& m) { visit(m.worker, m.pid, m.fork_us); }
void fields(auto& visit, Is<SpawnFailed> auto& m) { visit(m.worker, m.error); }
void fields(auto& visit, Is<WorkerReaped> auto& m) { visit(m.worker, m.wait_status); }

void fields(auto&, Is<Rehearse> auto&) {}
void fields(auto& visit, Is<AttachPage> auto& m) { visit(m.genome, m.has_page); }
void fields(auto& visit, Is<Generate> auto& m) {
  visit(m.request, m.genome, m.prompt, m.sampling, m.stop, m.max_tokens, m.ignore_end);
}
void fields(auto&, Is<ProbeLayer> auto&) {}
void fields(auto&, Is<OfferKv> auto&) {}
void fields(auto& visit, Is<SaveKv> auto& m) { visit(m.most_bytes); }
void fields(auto& visit, Is<CancelRequest> auto& m) { visit(m.request); }
void fields(auto& visit, Is<Ping> auto& m) { visit(m.nonce); }

void fields(auto& visit, Is<WorkerHello> auto& m) { visit(m.protocol, m.pid); }
void fields(auto& visit, Is<Ready> auto& m) { visit(m.genome, m.attach_us, m.reserve_us); }
void fields(auto& visit, Is<AttachFailed> auto& m) { visit(m.error); }
void fields(auto& visit, Is<Accepted> auto& m) { visit(m.request, m.prompt_tokens, m.cached_tokens); }
void fields(auto& visit, Is<TokensOut> auto& m) { visit(m.request, m.text, m.tokens, m.logprobs); }
void fields(auto& visit, Is<GenerateDone> auto& m) {
  visit(m.request, m.reason, m.prompt_tokens, m.cached_tokens, m.completion_tokens, m.prefill_us, m.decode_us);
}
void fields(auto& visit, Is<GenerateFailed> auto& m) { visit(m.request, m.error); }
void fields(auto& visit, Is<ProbeDone> auto& m) { visit(m.effect); }
void fields(auto& visit, Is<ProbeFailed> auto& m) { visit(m.error); }
void fields(auto& visit, Is<KvSaved> auto& m) { visit(m.tokens); }
void fields(auto& visit, Is<Pong> auto& m) { visit(m.nonce); }
void fields(auto& visit, Is<Heartbeat> auto& m) { visit(m.is_at_gate); }

}  // namespace genepool

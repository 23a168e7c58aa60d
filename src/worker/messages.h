// What supervisor, zygote and workers say to each other: plain data. Encoding: frames.h. Version: kProtocolVersion, in
// both hellos; a mismatch ends the child. Every message about a genome's work names its request.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/error.h"
#include "engine/engine.h"
#include "genome/layer_effect.h"

namespace genepool {

inline constexpr std::uint32_t kProtocolVersion = 4;

using WorkerId = std::uint64_t;   // never reused while the server runs
using RequestId = std::uint64_t;  // never reused while the server runs

// ---- supervisor -> zygote
struct ForkWorker {  // + descriptor: the worker's end of its socket
  WorkerId worker = 0;
};

// ---- zygote -> supervisor
struct ZygoteHello {
  std::uint32_t protocol = kProtocolVersion;
  EngineInfo info;
  std::int64_t load_us = 0;
};
struct ZygoteFailed {  // it could not load; it exits after this
  Error error;
};
struct WorkerSpawned {  // + descriptor: the worker's pidfd
  WorkerId worker = 0;
  std::int32_t pid = 0;
  std::int64_t fork_us = 0;
};
struct SpawnFailed {
  WorkerId worker = 0;
  Error error;
};
struct WorkerReaped {
  WorkerId worker = 0;
  std::int32_t wait_status = 0;  // as waitpid gives it
};

// ---- supervisor -> worker
struct Rehearse {};  // to a spare: until its page comes it gets itself ready for a first step
struct AttachPage {  // + descriptor: the sealed page; none for the bare base
  std::string genome;  // identity, hex: comes back in Ready, checked by the supervisor
  bool has_page = false;
};
struct OfferKv {};  // + descriptor: sealed bytes of SavedKv, of this worker's genome. After AttachPage
struct SaveKv {  // the worker is about to be killed: answered by KvSaved
  std::uint64_t most_bytes = 0;
};
struct ProbeLayer {};  // + descriptor: the sealed page of one layer. To a worker of the bare base; it is of no other use then
struct Generate {
  RequestId request = 0;
  std::string genome;  // identity, hex: a worker answers only for its own
  Prompt prompt;
  SamplingParams sampling;
  std::vector<std::string> stop;
  std::uint32_t max_tokens = 0;  // 0 = until the context is full
  bool ignore_end = false;       // benchmarks: go on past the end token
};
struct CancelRequest {
  RequestId request = 0;
};
struct Ping {
  std::uint64_t nonce = 0;
};

// ---- worker -> supervisor
struct WorkerHello {
  std::uint32_t protocol = kProtocolVersion;
  std::int32_t pid = 0;
};
struct Ready {
  std::string genome;
  std::int64_t attach_us = 0, reserve_us = 0;
};
struct AttachFailed {
  Error error;
};
struct Accepted {
  RequestId request = 0;
  std::uint32_t prompt_tokens = 0;
  std::uint32_t cached_tokens = 0;  // of those, found in the worker's own KV
};
struct TokenPiece {
  Token token = 0;
  float logprob = 0;
  std::string text;
};
struct TokenLogprobs {
  TokenPiece chosen;
  std::vector<TokenPiece> top;
};
struct TokensOut {  // whole UTF-8 characters only; nothing that could still become a stop string
  RequestId request = 0;
  std::string text;
  std::uint32_t tokens = 0;              // generated since the last TokensOut
  std::vector<TokenLogprobs> logprobs;   // empty unless asked for
};
enum class FinishReason : std::uint8_t { kStop, kLength, kCancelled };
struct GenerateDone {
  RequestId request = 0;
  FinishReason reason = FinishReason::kStop;
  std::uint32_t prompt_tokens = 0, cached_tokens = 0, completion_tokens = 0;
  std::int64_t prefill_us = 0, decode_us = 0;  // wall time from start of the prefill to the first token; from there to the end
};
struct GenerateFailed {
  RequestId request = 0;
  Error error;
};
struct ProbeDone {
  LayerEffect effect;
};
struct ProbeFailed {
  Error error;
};
struct KvSaved {  // + descriptor: sealed bytes of SavedKv; none when there was nothing to save
  std::uint32_t tokens = 0;
};
struct Pong {
  std::uint64_t nonce = 0;
};
struct Heartbeat {  // while it computes or waits at the core gate, every kHeartbeatInterval at the latest
  bool is_at_gate = false;
};
inline constexpr std::chrono::milliseconds kHeartbeatInterval{500};

using ToZygote = std::variant<ForkWorker>;
using FromZygote = std::variant<ZygoteHello, ZygoteFailed, WorkerSpawned, SpawnFailed, WorkerReaped>;
using ToWorker = std::variant<AttachPage, Generate, CancelRequest, Ping, ProbeLayer, OfferKv, SaveKv, Rehearse>;
using FromWorker = std::variant<WorkerHello, Ready, AttachFailed, Accepted, TokensOut, GenerateDone, GenerateFailed, Pong,
                                Heartbeat, ProbeDone, ProbeFailed, KvSaved>;

}  // namespace genepool

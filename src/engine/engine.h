// Engine: what genepool needs of an inference engine. One object per base, created and loaded in the zygote (which never
// computes), inherited by every forked worker, where attach() gives it the genome's page and decode() runs.
// Owner: the zygote process and its forked copies. Thread: exactly one, always the process's main thread.
// Use:   load() in the zygote; fork; attach(); then per request tokenize() -> decode() / sample() in the worker.
// Not here: which sequence decodes when (worker/batcher.h), processes (worker/), page bytes (genome/page.h).
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory_file.h"

namespace genepool {

using Token = std::int32_t;

struct EngineOptions {
  std::string base_path;           // of the GGUF
  std::uint32_t context_size = 4096;  // tokens in the KV, shared by all sequences of a worker
  std::uint32_t sequences = 4;     // answered at once
  std::uint32_t batch_size = 128;  // most tokens of one decode (n_batch = n_ubatch)
  int threads = 1;                 // most threads of one decode
};

struct EngineInfo {
  std::string engine;              // "llama.cpp v0.5.0 (de3ff81)" or "fake"
  std::uint32_t context_size = 0;  // as granted
  std::uint32_t vocabulary = 0;
  std::uint64_t weights_bytes = 0;
  std::uint64_t kv_bytes_per_token = 0;
  std::uint32_t longest_token = 0;  // bytes of text; 0 = one token may stand for any text
};

struct ChatMessage {
  std::string role, content;
};
// Chat messages go through the base's own template; text and tokens are taken as they are (text gets the BOS the base wants).
using Prompt = std::variant<std::vector<ChatMessage>, std::string, std::vector<Token>>;

// OpenAI's and llama.cpp's names; the defaults are OpenAI's where it has one.
struct SamplingParams {
  float temperature = 1.0F;  // 0 = greedy
  float top_p = 1.0F;
  std::int32_t top_k = 0;    // 0 = off
  float min_p = 0.0F;
  float presence_penalty = 0.0F, frequency_penalty = 0.0F;
  float repeat_penalty = 1.0F;
  std::optional<std::uint32_t> seed;  // none: a fresh random one
  std::vector<std::pair<Token, float>> logit_bias;
  std::int32_t top_logprobs = -1;  // -1 = no logprobs; 0 = the chosen token's only
};

struct TokenLogprob {
  Token token = 0;
  float logprob = 0;
};
struct Sampled {
  Token token = 0;
  float logprob = 0;                 // natural log, of the distribution before temperature and truncation; 0 when not asked for
  std::vector<TokenLogprob> top;     // top_logprobs of them, best first
};

// Draws tokens for one request; made after fork, keeps the request's random state and penalties.
class Sampler {
 public:
  virtual ~Sampler() = default;
  // `output`: index among the want_logits tokens of the last decode, in batch order.
  [[nodiscard]] virtual Sampled sample(std::size_t output) = 0;
};

struct BatchToken {
  Token token = 0;
  std::int32_t position = 0;  // in its sequence, from 0
  std::int32_t sequence = 0;  // 0 .. sequences - 1
  bool want_logits = false;
};

enum class DecodeStatus { kDone, kAborted, kNoRoom };  // kNoRoom: the KV is full, nothing changed

struct AttachTimes {
  Duration attach{};   // map the page and point tensors into it
  Duration reserve{};  // size the compute graph for it, so that the first token does not pay for it
};

class Engine {
 public:
  virtual ~Engine() = default;

  // Zygote: loads the base and makes a ready context. Once. Leaves the process with one thread.
  [[nodiscard]] virtual Result<EngineInfo> load(const EngineOptions& options) = 0;

  // Worker that waits for its genome: touches what a first step would be the first to touch, and forgets it; the bits of what
  // follows are those without it. Ends early when should_abort says so. kInternal as decode().
  [[nodiscard]] virtual Result<void> rehearse() = 0;

  // Worker: uses `page` (sealed, accepted by PageView::parse) in place for the rest of the process. Once, before decode.
  // An empty mapping means the bare base. kLayerRejected when it does not fit the base.
  [[nodiscard]] virtual Result<AttachTimes> attach(Mapping page) = 0;

  // Worker: the prompt as tokens. kBadRequest: the template refuses it, a token is out of range, or it is empty.
  [[nodiscard]] virtual Result<std::vector<Token>> tokenize(const Prompt& prompt) = 0;
  [[nodiscard]] virtual std::string piece(Token token) = 0;  // its bytes; may be part of a UTF-8 character
  [[nodiscard]] virtual bool is_end(Token token) = 0;        // end of generation

  [[nodiscard]] virtual std::unique_ptr<Sampler> make_sampler(const SamplingParams& params,
                                                              std::span<const Token> prompt) = 0;

  // One step over at most batch_size tokens with `threads` threads. kAborted when should_abort said so: what was
  // finished stays in the KV, the caller trims with keep_only(). kInternal: the engine failed; the worker must end.
  [[nodiscard]] virtual Result<DecodeStatus> decode(std::span<const BatchToken> batch, int threads) = 0;

  // Natural logs of all the vocabulary's probabilities, before temperature and truncation. `output` as in Sampler.
  [[nodiscard]] virtual std::vector<float> log_probabilities(std::size_t output) = 0;

  // Polled often inside decode(), from the same thread.
  virtual void set_abort(std::function<bool()> should_abort) = 0;

  virtual void keep_only(std::int32_t sequence, std::int32_t positions) = 0;  // forgets KV from `positions` on
  // `to`, which is empty, begins with the first `positions` of `from`. Both keep the same bytes until they are apart.
  virtual void share(std::int32_t from, std::int32_t to, std::int32_t positions) = 0;

  // The KV of a sequence as bytes, for an engine with the same base, page, options and build: nothing in the bytes says of
  // which they are. save_kv: `to` is of kv_size() bytes. restore_kv: instead of what the sequence has; kUnavailable: no
  // room, or not such bytes; the sequence is empty then.
  [[nodiscard]] virtual std::size_t kv_size(std::int32_t sequence) = 0;
  [[nodiscard]] virtual Result<void> save_kv(std::int32_t sequence, std::span<std::byte> to) = 0;
  [[nodiscard]] virtual Result<void> restore_kv(std::int32_t sequence, std::span<const std::byte> from) = 0;
};

// A base file written again with another type of weights.
struct QuantiseJob {
  std::string source, to;  // paths of GGUF files; `to` is made, or replaced
  std::string type;        // one of kPreparedTypes
  int threads = 1;
};

// What a base may be prepared as, with the bits that one weight takes on the whole: tensors of few weights keep more.
struct PreparedType {
  const char* name;
  double bits;
};
inline constexpr std::array kPreparedTypes = {PreparedType{"q8_0", 8.5}, PreparedType{"q4_1", 5.0}, PreparedType{"q4_0", 4.5},
                                              PreparedType{"q4_k", 4.9}, PreparedType{"iq4_nl", 4.5}};

// kNotSupported: unknown type, or an engine that this build lacks. kBadRequest: the source is no base that the engine can
// read. Blocks for as long as it takes (1 GB: some 20 s); what is at `to` after an error is rubbish.
[[nodiscard]] Result<void> quantise_base(const std::string& engine, const QuantiseJob& job);

// Null when this build does not have it. `name`: "llama" or "fake".
[[nodiscard]] std::unique_ptr<Engine> make_engine(const std::string& name);

}  // namespace genepool

// Runs in the zygote and in workers.
#include "engine/llama_engine.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <exception>

#include "engine/llama_log.h"
#include "engine/llama_q4_1.h"
#include "engine/llama_sampler.h"
#include "genome/page.h"

namespace genepool {
namespace {

constexpr const char* kEngineName = "llama.cpp v0.5.0 (de3ff81)";

// llama.cpp asks between any two graph nodes, some 20 times a millisecond; the caller's answer may cost a system call.
constexpr std::int32_t kRehearsedTokens = 8;  // the least batch that a context may have
constexpr Duration kAbortPollEvery = std::chrono::milliseconds(1);

llama_context_params context_params(const EngineOptions& options) {
  llama_context_params params = llama_context_default_params();
  params.n_ctx = options.context_size;
  params.n_batch = params.n_ubatch = options.batch_size;
  params.n_seq_max = options.sequences;
  params.n_outputs_max = options.sequences;  // else the graph is sized for the logits of every prompt token
  params.n_threads = params.n_threads_batch = 1;
  params.flash_attn_type = LLAMA_FLASH_ATTN_TYPE_ENABLED;  // AUTO would build one more graph to find out
  params.kv_unified = true;  // sequences share the context's room, and prompts of any length share a batch
  params.offload_kqv = params.op_offload = false;
  params.no_perf = true;
  return params;
}

}  // namespace

Result<EngineInfo> LlamaEngine::load(const EngineOptions& options) {
  install_llama_log();
  llama_backend_init();
  install_q4_1_kernel();
  try {
    GENEPOOL_TRY_VOID(load_model(options.base_path));
    slot_ = AdapterSlot::add_to(model_.get());
    GENEPOOL_TRY_VOID(make_context(options));
    GENEPOOL_TRY_VOID(slot_.activate(context_.get()));
    GENEPOOL_TRY(chat_, ChatTemplate::of(model_.get()));
  } catch (const std::exception& e) {
    return fail(Code::kInternal, "cannot load the base {}: {}", options.base_path, e.what());
  }
  return info();
}

Result<void> LlamaEngine::load_model(const std::string& path) {
  llama_model_params params = llama_model_default_params();
  params.n_gpu_layers = 0;
  params.load_mode = LLAMA_LOAD_MODE_NONE;  // with mmap the file's copy stays resident beside the repacked one
  params.use_extra_bufts = true;            // repack
  static_cast<void>(take_llama_error());
  model_.reset(llama_model_load_from_file(path.c_str(), params));
  if (!model_) return fail(Code::kBadRequest, "cannot load the base {}: {}", path, take_llama_error());
  vocab_ = llama_model_get_vocab(model_.get());
  return {};
}

Result<void> LlamaEngine::make_context(const EngineOptions& options) {
  threads_.emplace(options.threads);
  context_.reset(llama_init_from_model(model_.get(), context_params(options)));
  if (!context_) {
    return fail(Code::kUnavailable, "cannot make a context of {} tokens: {}", options.context_size, take_llama_error());
  }
  llama_set_abort_callback(context_.get(), poll_abort, this);
  const std::size_t room = options.batch_size;
  batch_ = {std::vector<Token>(room),
            std::vector<std::int32_t>(room),
            std::vector<std::int32_t>(room, 1),
            std::vector<std::int32_t>(room),
            std::vector<std::int32_t*>(room),
            std::vector<std::int8_t>(room)};
  for (std::size_t i = 0; i < room; ++i) batch_.sequence_lists[i] = &batch_.sequences[i];
  outputs_.reserve(room);
  return {};
}

EngineInfo LlamaEngine::info() const {
  EngineInfo result;
  result.engine = kEngineName;
  result.context_size = llama_n_ctx(context_.get());
  result.vocabulary = static_cast<std::uint32_t>(llama_vocab_n_tokens(vocab_));
  result.weights_bytes = llama_model_size(model_.get());
  result.kv_bytes_per_token = context_memory(context_.get()).kv / result.context_size;
  for (Token token = 0; token < llama_vocab_n_tokens(vocab_); ++token) {  // as spelled, never shorter than what it means
    const std::size_t bytes = std::strlen(llama_vocab_get_text(vocab_, token));
    result.longest_token = std::max(result.longest_token, static_cast<std::uint32_t>(bytes));
  }
  return result;
}

Result<AttachTimes> LlamaEngine::attach(Mapping page) {
  AttachTimes times;
  if (page.bytes().empty()) return times;  // the zygote planned the bare base's graph
  const Instant start = monotonic_now();
  page_ = std::move(page);
  GENEPOOL_TRY(const PageView view, PageView::parse(page_.bytes()));
  std::array<char, 64> architecture{};
  llama_model_meta_val_str(model_.get(), "general.architecture", architecture.data(), architecture.size());
  if (view.architecture() != architecture.data()) {
    return fail(Code::kLayerRejected, "the page is for a {} base, this one is {}", view.architecture(),
                architecture.data());
  }
  GENEPOOL_TRY_VOID(slot_.fill(view, page_.bytes()));
  const Instant attached = monotonic_now();
  GENEPOOL_TRY_VOID(slot_.reserve(context_.get()));
  times.attach = attached - start;
  times.reserve = monotonic_now() - attached;
  return times;
}

Result<std::vector<Token>> LlamaEngine::tokenize(const Prompt& prompt) {
  Result<std::vector<Token>> tokens = std::vector<Token>{};
  if (const auto* given = std::get_if<std::vector<Token>>(&prompt)) {
    for (const Token token : *given) {
      if (token < 0 || token >= llama_vocab_n_tokens(vocab_)) {
        return fail_param(Code::kBadRequest, "prompt", "token {} is not in the vocabulary of {}", token,
                          llama_vocab_n_tokens(vocab_));
      }
    }
    tokens = *given;
  } else if (const auto* messages = std::get_if<std::vector<ChatMessage>>(&prompt)) {
    GENEPOOL_TRY(const std::string text, chat_.render(*messages));
    tokens = tokens_of(text);
  } else {
    tokens = tokens_of(std::get<std::string>(prompt));
  }
  if (tokens && tokens->empty()) return fail_param(Code::kBadRequest, "prompt", "the prompt is empty");
  return tokens;
}

// As llama-server does for both of its endpoints: the tokenizer adds the BOS (a chat template's own was taken off where it
// does), and the text's special tokens are read as such.
Result<std::vector<Token>> LlamaEngine::tokens_of(const std::string& text) const {
  std::vector<Token> tokens(text.size() + 2);  // never more tokens than bytes, and BOS and EOS
  const auto count = llama_tokenize(vocab_, text.data(), static_cast<std::int32_t>(text.size()), tokens.data(),
                                    static_cast<std::int32_t>(tokens.size()), true, true);
  if (count < 0) return fail_param(Code::kBadRequest, "prompt", "{} bytes of text cannot be tokenised", text.size());
  tokens.resize(static_cast<std::size_t>(count));
  return tokens;
}

std::string LlamaEngine::piece(Token token) {
  std::string text(64, '\0');
  const auto read = [&] {
    return llama_token_to_piece(vocab_, token, text.data(), static_cast<std::int32_t>(text.size()), 0, false);
  };
  std::int32_t size = read();
  if (size < 0) {
    text.resize(static_cast<std::size_t>(-size));
    size = read();
  }
  text.resize(static_cast<std::size_t>(size < 0 ? 0 : size));
  return text;
}

bool LlamaEngine::is_end(Token token) { return llama_vocab_is_eog(vocab_, token); }

std::unique_ptr<Sampler> LlamaEngine::make_sampler(const SamplingParams& params, std::span<const Token> prompt) {
  return make_llama_sampler(params, prompt, [this](std::size_t output) { return logits(output); });
}

std::vector<float> LlamaEngine::log_probabilities(std::size_t output) {
  const std::span<const float> raw = logits(output);
  const auto log_sum = static_cast<float>(log_sum_exp(raw));
  std::vector<float> result(raw.begin(), raw.end());
  for (float& value : result) value -= log_sum;
  return result;
}

std::span<const float> LlamaEngine::logits(std::size_t output) const {
  GENEPOOL_CHECK(output < outputs_.size(), "output {} of {}", output, outputs_.size());
  return {llama_get_logits_ith(context_.get(), outputs_[output]),
          static_cast<std::size_t>(llama_vocab_n_tokens(vocab_))};
}

Result<void> LlamaEngine::rehearse() {
  threads_->start();
  std::vector<BatchToken> batch;
  for (std::int32_t i = 0; i < kRehearsedTokens; ++i) batch.push_back({0, i, 0, i + 1 == kRehearsedTokens});
  const auto decoded = decode(batch, 1);
  keep_only(0, 0);
  return decoded ? Result<void>() : tl::unexpected(decoded.error());
}

Result<void> LlamaEngine::check_batch(std::span<const BatchToken> batch) const {
  std::size_t wanted = 0;
  for (const BatchToken& token : batch) wanted += token.want_logits ? 1 : 0;
  if (batch.empty() || batch.size() > batch_.tokens.size() || wanted > llama_n_seq_max(context_.get())) {
    return fail(Code::kInternal, "a batch of {} tokens, {} of them with logits, does not fit", batch.size(), wanted);
  }
  return {};
}

void LlamaEngine::fill_batch(std::span<const BatchToken> batch) {
  outputs_.clear();
  for (std::size_t i = 0; i < batch.size(); ++i) {
    batch_.tokens[i] = batch[i].token;
    batch_.positions[i] = batch[i].position;
    batch_.sequences[i] = batch[i].sequence;
    batch_.wants[i] = batch[i].want_logits ? 1 : 0;
    if (batch[i].want_logits) outputs_.push_back(static_cast<std::int32_t>(i));
  }
}

Result<DecodeStatus> LlamaEngine::decode(std::span<const BatchToken> batch, int threads) {
  GENEPOOL_TRY_VOID(check_batch(batch));
  fill_batch(batch);
  threads_->use(context_.get(), threads);
  const llama_batch raw{static_cast<std::int32_t>(batch.size()), batch_.tokens.data(), nullptr, batch_.positions.data(),
                        batch_.sequence_counts.data(), batch_.sequence_lists.data(), batch_.wants.data()};
  const LlamaLogPause pause;
  static_cast<void>(take_llama_error());
  int status = 0;
  try {
    status = llama_decode(context_.get(), raw);
  } catch (const std::exception& e) {
    return fail(Code::kInternal, "the engine failed: {}", e.what());
  }
  if (status != 0) outputs_.clear();
  if (status == 1) return DecodeStatus::kNoRoom;
  if (status == 2) return DecodeStatus::kAborted;
  if (status != 0) return fail(Code::kInternal, "the engine failed with {}: {}", status, take_llama_error());
  // One value tells: a NaN anywhere in a row's hidden state reaches every logit of it.
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    if (!std::isfinite(logits(i)[0])) return fail(Code::kInternal, "the engine computed logits that are not numbers");
  }
  return DecodeStatus::kDone;
}

void LlamaEngine::set_abort(std::function<bool()> should_abort) { should_abort_ = std::move(should_abort); }

bool LlamaEngine::poll_abort(void* engine) {
  auto& self = *static_cast<LlamaEngine*>(engine);
  if (!self.should_abort_) return false;
  const Instant now = monotonic_now();
  if (now < self.next_poll_) return false;
  self.next_poll_ = now + kAbortPollEvery;
  return self.should_abort_();
}

void LlamaEngine::keep_only(std::int32_t sequence, std::int32_t positions) {
  llama_memory_seq_rm(llama_get_memory(context_.get()), sequence, positions, -1);
}

void LlamaEngine::share(std::int32_t from, std::int32_t to, std::int32_t positions) {
  llama_memory_seq_cp(llama_get_memory(context_.get()), from, to, 0, positions);  // a unified KV only marks its cells
}

std::size_t LlamaEngine::kv_size(std::int32_t sequence) { return llama_state_seq_get_size(context_.get(), sequence); }

Result<void> LlamaEngine::save_kv(std::int32_t sequence, std::span<std::byte> to) {
  const std::size_t written = llama_state_seq_get_data(context_.get(), reinterpret_cast<std::uint8_t*>(to.data()), to.size(), sequence);
  if (written != to.size()) return fail(Code::kInternal, "the engine wrote {} of {} bytes of KV", written, to.size());
  return {};
}

Result<void> LlamaEngine::restore_kv(std::int32_t sequence, std::span<const std::byte> from) {
  keep_only(sequence, 0);
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(from.data());
  if (llama_state_seq_set_data(context_.get(), bytes, from.size(), sequence) == from.size()) return {};
  keep_only(sequence, 0);
  return fail(Code::kUnavailable, "the engine did not take {} bytes of KV: {}", from.size(), take_llama_error());
}

}  // namespace genepool

// LlamaEngine: the Engine on llama.cpp v0.5.0, CPU only. Runs in the zygote (load) and in workers (the rest).
// Requires of the zygote's environment, set before its exec: GLIBC_TUNABLES=glibc.malloc.hugetlb=1 (else every fork copies
// the page tables of all weights) and GGML_NO_BACKTRACE=1.
#pragma once

#include <llama.h>

#include <memory>
#include <optional>
#include <vector>

#include "engine/engine.h"
#include "engine/llama_attach.h"
#include "engine/llama_chat.h"
#include "engine/llama_threads.h"

namespace genepool {

class LlamaEngine final : public Engine {
 public:
  Result<EngineInfo> load(const EngineOptions& options) override;
  Result<void> rehearse() override;
  Result<AttachTimes> attach(Mapping page) override;
  Result<std::vector<Token>> tokenize(const Prompt& prompt) override;
  std::string piece(Token token) override;
  bool is_end(Token token) override;
  std::unique_ptr<Sampler> make_sampler(const SamplingParams& params, std::span<const Token> prompt) override;
  Result<DecodeStatus> decode(std::span<const BatchToken> batch, int threads) override;
  std::vector<float> log_probabilities(std::size_t output) override;
  void set_abort(std::function<bool()> should_abort) override;
  void keep_only(std::int32_t sequence, std::int32_t positions) override;
  void share(std::int32_t from, std::int32_t to, std::int32_t positions) override;
  std::size_t kv_size(std::int32_t sequence) override;
  Result<void> save_kv(std::int32_t sequence, std::span<std::byte> to) override;
  Result<void> restore_kv(std::int32_t sequence, std::span<const std::byte> from) override;

  // For tests and benchmarks, which compare with the stock adapter loader on the same context.
  [[nodiscard]] llama_model* model() const { return model_.get(); }
  [[nodiscard]] llama_context* context() const { return context_.get(); }
  [[nodiscard]] std::span<const float> logits(std::size_t output) const;  // of the last decode

 private:
  struct FreeModel {
    void operator()(llama_model* model) const { llama_model_free(model); }
  };
  struct FreeContext {
    void operator()(llama_context* context) const { llama_free(context); }
  };
  // Arrays of a llama_batch, made once.
  struct Batch {
    std::vector<Token> tokens;
    std::vector<std::int32_t> positions, sequence_counts, sequences;
    std::vector<std::int32_t*> sequence_lists;
    std::vector<std::int8_t> wants;
  };

  [[nodiscard]] Result<void> load_model(const std::string& path);
  [[nodiscard]] Result<void> make_context(const EngineOptions& options);
  [[nodiscard]] EngineInfo info() const;
  [[nodiscard]] Result<std::vector<Token>> tokens_of(const std::string& text) const;
  [[nodiscard]] Result<void> check_batch(std::span<const BatchToken> batch) const;
  void fill_batch(std::span<const BatchToken> batch);
  static bool poll_abort(void* engine);

  Mapping page_;  // first: the model's adapter points into it until the model is gone
  std::unique_ptr<llama_model, FreeModel> model_;
  std::optional<ComputeThreads> threads_;
  std::unique_ptr<llama_context, FreeContext> context_;
  const llama_vocab* vocab_ = nullptr;
  AdapterSlot slot_;
  ChatTemplate chat_;
  Batch batch_;
  std::vector<std::int32_t> outputs_;  // batch indices of the last decode's want_logits tokens
  std::function<bool()> should_abort_;
  Instant next_poll_{};
};

}  // namespace genepool

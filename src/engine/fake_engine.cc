// Runs in the zygote and in workers.
#include "engine/fake_engine.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <random>
#include <thread>

#include "base/hash.h"
#include "engine/fake_script.h"
#include "engine/fake_tokens.h"

namespace genepool {
namespace {

using fake::Marker;

constexpr Duration kAbortPoll = std::chrono::milliseconds(1);
constexpr std::uint64_t kLogitCount = 64;  // of its distributions; enough to tell pages apart

// What the engine knows of one sequence: its tokens, and after each the hash of all up to it.
struct FakeSequence {
  std::vector<Token> tokens;
  std::vector<std::uint64_t> hashes;
};

class FakeSampler : public Sampler {
 public:
  FakeSampler(const std::vector<std::uint64_t>& outputs, const SamplingParams& params, std::span<const Token> prompt)
      : outputs_(outputs),
        params_(params),
        said_(fake::said_by(prompt)),
        end_after_(fake::argument_of(Marker::kEndAfter, prompt)),
        random_(params.seed ? *params.seed : std::random_device{}()) {}

  Sampled sample(std::size_t output) override {
    const std::uint64_t hash = outputs_.at(output);
    Sampled sampled;
    sampled.token = choose(hash);
    ++count_;
    if (params_.top_logprobs < 0) return sampled;
    sampled.logprob = -0.1F;
    for (std::int32_t i = 0; i < params_.top_logprobs; ++i) {
      const Token token = i == 0 ? sampled.token : word(fake::mix(hash, static_cast<std::uint64_t>(i)));
      sampled.top.push_back({token, -0.1F - static_cast<float>(i)});
    }
    return sampled;
  }

 private:
  static Token word(std::uint64_t hash) { return fake::kWords + static_cast<Token>(hash % fake::kWordCount); }

  Token choose(std::uint64_t hash) {
    if (end_after_ >= 0 && count_ >= static_cast<std::size_t>(end_after_)) return fake::kEnd;
    if (count_ == 0) return fake::kPage;
    if (!said_.empty()) return count_ <= said_.size() ? said_[count_ - 1] : fake::kEnd;
    return word(params_.temperature > 0 ? fake::mix(hash, random_()) : hash);
  }

  const std::vector<std::uint64_t>& outputs_;
  SamplingParams params_;
  std::vector<Token> said_;
  std::int32_t end_after_;
  std::mt19937_64 random_;
  std::size_t count_ = 0;
};

class FakeEngine : public Engine {
 public:
  explicit FakeEngine(const FakeScript& script) : script_(script) {}

  Result<EngineInfo> load(const EngineOptions& options) override {
    std::this_thread::sleep_for(script_.load);
    if (script_.fails_load) return fail(Code::kIo, "the fake engine's script says fail_load");
    struct stat file {};
    if (!options.base_path.empty() && ::stat(options.base_path.c_str(), &file) != 0) {
      return fail_errno("read the base " + options.base_path, errno);
    }
    options_ = options;
    sequences_.resize(options.sequences);
    return EngineInfo{"fake", options.context_size, static_cast<std::uint32_t>(fake::kVocabulary),
                      static_cast<std::uint64_t>(file.st_size), sizeof(Token) + sizeof(std::uint64_t)};
  }

  Result<void> rehearse() override {
    (void)sleep_aborted(script_.rehearse);
    return {};
  }

  Result<AttachTimes> attach(Mapping page) override {
    const Instant start = monotonic_now();
    page_ = std::move(page);
    const bool has_page = !page_.bytes().empty();
    if (script_.fails_attach && has_page) return fail(Code::kLayerRejected, "the fake engine's script says fail_attach");
    const Digest digest = sha256(page_.bytes());
    page_word_ = "page:" + (has_page ? digest.brief() : "base");
    page_hash_ = has_page && !script_.ignores_page ? xxh3(std::as_bytes(std::span(digest.bytes))) : 0;
    std::this_thread::sleep_for(script_.attach);
    const Instant attached = monotonic_now();
    std::this_thread::sleep_for(script_.reserve);
    return AttachTimes{attached - start, monotonic_now() - attached};
  }

  Result<std::vector<Token>> tokenize(const Prompt& prompt) override {
    std::vector<Token> tokens;
    if (const auto* given = std::get_if<std::vector<Token>>(&prompt)) {
      tokens = *given;
    } else if (const auto* text = std::get_if<std::string>(&prompt)) {
      tokens.push_back(fake::kStart);
      fake::append_text(*text, tokens);
    } else if (const auto& chat = std::get<std::vector<ChatMessage>>(prompt); !chat.empty()) {
      tokens.push_back(fake::kStart);
      for (const ChatMessage& message : chat) {
        fake::append_text("<|" + message.role + "|>", tokens);
        fake::append_text(message.content, tokens);
      }
      fake::append_text("<|assistant|>", tokens);
    }
    if (tokens.empty()) return fail(Code::kBadRequest, "the prompt is empty");
    for (const Token token : tokens) {
      if (token < 0 || token >= fake::kVocabulary) {
        return fail(Code::kBadRequest, "token {} is not in the vocabulary (0 to {})", token, fake::kVocabulary - 1);
      }
    }
    return tokens;
  }

  std::string piece(Token token) override {
    if (token == fake::kPage) return page_word_;
    if (token >= fake::kBytes && token < fake::kWords) return std::string(1, static_cast<char>(token - fake::kBytes));
    if (token >= fake::kWords && token < fake::kWords + fake::kWordCount) return fmt::format(" w{}", token - fake::kWords);
    if (token >= fake::kPromptWords) return fmt::format(" t{}", token);
    return "";
  }

  bool is_end(Token token) override { return token == fake::kEnd; }

  std::unique_ptr<Sampler> make_sampler(const SamplingParams& params, std::span<const Token> prompt) override {
    return std::make_unique<FakeSampler>(outputs_, params, prompt);
  }

  Result<DecodeStatus> decode(std::span<const BatchToken> batch, int threads) override {
    GENEPOOL_CHECK(batch.size() <= options_.batch_size, "{} tokens", batch.size());
    if (script_.crashes_with_page && !page_.bytes().empty()) std::abort();
    std::size_t used = batch.size();
    for (const FakeSequence& sequence : sequences_) used += sequence.tokens.size();
    if (used > options_.context_size) return DecodeStatus::kNoRoom;

    outputs_.clear();
    Duration cost{};
    for (const BatchToken& token : batch) cost += step_over(token);
    if (!outputs_.empty()) cost += script_.decode;
    if (threads > 1) cost += script_.wide_step;
    return sleep_aborted(cost) ? DecodeStatus::kAborted : DecodeStatus::kDone;
  }

  std::vector<float> log_probabilities(std::size_t output) override {
    std::vector<float> values;
    double sum = 0;
    for (std::uint64_t i = 0; i < kLogitCount; ++i) {
      values.push_back(static_cast<float>(fake::mix(outputs_.at(output), i) % 1024) / 128.0F);
      sum += std::exp(static_cast<double>(values.back()));
    }
    for (float& value : values) value -= static_cast<float>(std::log(sum));
    return values;
  }

  void set_abort(std::function<bool()> should_abort) override { should_abort_ = std::move(should_abort); }

  void keep_only(std::int32_t sequence, std::int32_t positions) override {
    FakeSequence& kept = sequences_.at(static_cast<std::size_t>(sequence));
    const std::size_t size = std::min(kept.tokens.size(), static_cast<std::size_t>(positions));
    kept.tokens.resize(size);
    kept.hashes.resize(size);
  }

  void share(std::int32_t from, std::int32_t to, std::int32_t positions) override {
    GENEPOOL_CHECK(sequences_.at(static_cast<std::size_t>(to)).tokens.empty(), "sequence {} is not empty", to);
    sequences_.at(static_cast<std::size_t>(to)) = sequences_.at(static_cast<std::size_t>(from));
    keep_only(to, positions);
  }

  std::size_t kv_size(std::int32_t sequence) override {
    return sequences_.at(static_cast<std::size_t>(sequence)).tokens.size() * (sizeof(Token) + sizeof(std::uint64_t));
  }

  Result<void> save_kv(std::int32_t sequence, std::span<std::byte> to) override {
    const FakeSequence& saved = sequences_.at(static_cast<std::size_t>(sequence));
    const auto tokens = std::as_bytes(std::span(saved.tokens)), hashes = std::as_bytes(std::span(saved.hashes));
    GENEPOOL_CHECK(to.size() == tokens.size() + hashes.size(), "{} bytes", to.size());
    std::ranges::copy(hashes, std::ranges::copy(tokens, to.begin()).out);
    return {};
  }

  Result<void> restore_kv(std::int32_t sequence, std::span<const std::byte> from) override {
    keep_only(sequence, 0);
    std::size_t used = from.size() / (sizeof(Token) + sizeof(std::uint64_t));
    for (const FakeSequence& other : sequences_) used += other.tokens.size();
    if (used > options_.context_size) return fail(Code::kUnavailable, "no room for {} tokens", used);
    FakeSequence& restored = sequences_.at(static_cast<std::size_t>(sequence));
    restored.tokens.resize(from.size() / (sizeof(Token) + sizeof(std::uint64_t)));
    restored.hashes.resize(restored.tokens.size());
    const auto tokens = std::as_writable_bytes(std::span(restored.tokens));
    std::ranges::copy(from.first(tokens.size()), tokens.begin());
    std::ranges::copy(from.subspan(tokens.size()), std::as_writable_bytes(std::span(restored.hashes)).begin());
    return {};
  }

 private:
  // Appends one token to its sequence; returns what the step costs for it.
  Duration step_over(const BatchToken& token) {
    FakeSequence& sequence = sequences_.at(static_cast<std::size_t>(token.sequence));
    GENEPOOL_CHECK(static_cast<std::size_t>(token.position) == sequence.tokens.size(), "position {} of sequence {}, {} are there",
                   token.position, token.sequence, sequence.tokens.size());
    const std::uint64_t before = sequence.hashes.empty() ? page_hash_ : sequence.hashes.back();
    sequence.tokens.push_back(token.token);
    sequence.hashes.push_back(fake::mix(before, static_cast<std::uint64_t>(token.token)));
    if (!token.want_logits) return script_.prefill_per_token;
    outputs_.push_back(sequence.hashes.back());
    return faults_of(sequence.tokens);
  }

  Duration faults_of(const std::vector<Token>& tokens) {
    const auto answer = std::find(tokens.rbegin(), tokens.rend(), fake::kPage);
    const auto answered = answer == tokens.rend() ? 0 : answer - tokens.rbegin() + 1;
    const auto is_due = [&](Marker marker) {
      const std::int32_t after = fake::argument_of(marker, tokens);
      return after >= 0 && answered >= after;
    };
    if (is_due(Marker::kCrash)) std::abort();
    while (is_due(Marker::kHang)) ::pause();
    const std::int32_t leak = fake::argument_of(Marker::kLeak, tokens);
    if (leak > 0 && answered == 0) leaked_.emplace_back(static_cast<std::size_t>(leak) << 20, 'x');
    return std::chrono::milliseconds(std::max(0, fake::argument_of(Marker::kSlow, tokens)));
  }

  bool sleep_aborted(Duration cost) {
    const Instant end = monotonic_now() + cost;
    for (;;) {
      if (should_abort_ && should_abort_()) return true;
      const Instant now = monotonic_now();
      if (now >= end) return false;
      std::this_thread::sleep_for(std::min(kAbortPoll, end - now));
    }
  }

  FakeScript script_;
  EngineOptions options_;
  Mapping page_;
  std::string page_word_ = "page:base";
  std::uint64_t page_hash_ = 0;
  std::vector<FakeSequence> sequences_;
  std::vector<std::uint64_t> outputs_;  // of the last decode, in batch order
  std::function<bool()> should_abort_;
  std::vector<std::string> leaked_;
};

}  // namespace

Result<std::unique_ptr<Engine>> make_fake_engine(const std::string& script) {
  GENEPOOL_TRY(const FakeScript parsed, FakeScript::parse(script));
  return std::make_unique<FakeEngine>(parsed);
}

Result<void> quantise_fake_base(const QuantiseJob& job) {
  std::ifstream source(job.source, std::ios::binary);
  std::ofstream to(job.to, std::ios::binary | std::ios::trunc);
  to << source.rdbuf() << job.type;
  to.close();
  if (!source || !to) return fail(Code::kIo, "cannot copy {} to {}", job.source, job.to);
  return {};
}

}  // namespace genepool

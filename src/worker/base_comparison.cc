#include "worker/base_comparison.h"

#include <fmt/core.h>

#include <algorithm>
#include <sstream>
#include <utility>
#include <vector>

#include "worker/distribution.h"
#include "worker/probe_prompts.h"
#include "worker/thread_choice.h"

namespace genepool {
namespace {

constexpr std::size_t kPromptTokens = 256;
constexpr std::size_t kAnswerTokens = 32;  // to each probe prompt
constexpr std::uint32_t kBatch = 128;
constexpr std::uint32_t kContext = 1024;
constexpr std::size_t kWarmUpTokens = 32;  // enough for ThreadChoice to know what a prompt takes
constexpr int kCollapses = 3;              // one may be a hiccup

// What the source answers, token by token: the path along which both are asked what comes next.
struct Path {
  std::vector<std::vector<Token>> prompts, answers;
};

struct Heard {
  BaseSpeed speed;
  std::vector<Distribution> next;  // of every token of every answer
  std::string engine;
  std::uint64_t bytes = 0;
};

double rate(std::size_t tokens, Duration time) {
  const double seconds = std::chrono::duration<double>(time).count();
  return seconds > 0 ? static_cast<double>(tokens) / seconds : 0;
}

// Wide steps beside a busy program do not end in any useful time (thread_choice.h): they are given up and counted.
class Steps {
 public:
  Steps(Engine& engine, int threads, int& collapses) : engine_(engine), threads_(threads), collapses_(collapses) {
    engine_.set_abort([this] { return choice_.is_hopeless(tokens_, monotonic_now()); });
  }
  ~Steps() { engine_.set_abort(nullptr); }
  Steps(const Steps&) = delete;
  Steps& operator=(const Steps&) = delete;

  // With one thread, so that it is known what a wide step may take.
  Result<void> warm_up(const std::vector<Token>& tokens) {
    const int wide = std::exchange(threads_, 1);
    GENEPOOL_TRY_VOID(prefill(std::vector<Token>(kWarmUpTokens, tokens.front())));
    GENEPOOL_TRY_VOID(decode({{tokens.front(), kWarmUpTokens, 0, true}}));
    engine_.keep_only(0, 0);
    threads_ = wide;
    return {};
  }

  // From position 0 of an empty sequence. The last token's logits are wanted.
  Result<void> prefill(const std::vector<Token>& tokens) {
    std::vector<BatchToken> batch;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      const bool is_last = i + 1 == tokens.size();
      batch.push_back({tokens[i], static_cast<std::int32_t>(i), 0, is_last});
      if (batch.size() < kBatch && !is_last) continue;
      GENEPOOL_TRY_VOID(decode(batch));
      batch.clear();
    }
    return {};
  }

  Result<void> decode(const std::vector<BatchToken>& batch) {
    tokens_ = batch.size();
    choice_.begin(threads_, monotonic_now());
    GENEPOOL_TRY(const DecodeStatus status, engine_.decode(batch, threads_));
    choice_.end(tokens_, monotonic_now(), status == DecodeStatus::kAborted);
    if (status == DecodeStatus::kAborted) {
      ++collapses_;
      return fail(Code::kUnavailable, "{} threads wait for each other beside a busy program", threads_);
    }
    if (status != DecodeStatus::kDone) return fail(Code::kInternal, "the engine had no room for a trial of {} tokens", kContext);
    return {};
  }

 private:
  Engine& engine_;
  int threads_;
  int& collapses_;
  ThreadKnowledge known_;
  ThreadChoice choice_{threads_, known_};
  std::size_t tokens_ = 0;  // of the step under way
};

Result<double> prompt_rate(Engine& engine, Steps& steps, const Path& path) {
  std::vector<Token> tokens;
  for (std::size_t i = 0; tokens.size() < kPromptTokens; ++i) {
    const std::vector<Token>& prompt = path.prompts[i % path.prompts.size()];
    tokens.insert(tokens.end(), prompt.begin(), prompt.end());
  }
  tokens.resize(kPromptTokens);
  const Instant start = monotonic_now();
  GENEPOOL_TRY_VOID(steps.prefill(tokens));
  const double result = rate(tokens.size(), monotonic_now() - start);
  engine.keep_only(0, 0);
  return result;
}

Token likeliest(const Distribution& next) { return static_cast<Token>(std::ranges::max_element(next) - next.begin()); }

// Along the answer where there is one; else the base's own likeliest tokens, which become it.
Result<Duration> follow(Engine& engine, Steps& steps, const std::vector<Token>& prompt, std::vector<Token>& answer,
                        std::vector<Distribution>& next) {
  GENEPOOL_TRY_VOID(steps.prefill(prompt));
  Duration computing{};
  for (std::size_t i = 0; i < kAnswerTokens; ++i) {
    next.push_back(engine.log_probabilities(0));
    if (answer.size() == i) answer.push_back(likeliest(next.back()));
    const BatchToken token{answer[i], static_cast<std::int32_t>(prompt.size() + i), 0, true};
    const Instant start = monotonic_now();
    GENEPOOL_TRY_VOID(steps.decode({token}));
    computing += monotonic_now() - start;
  }
  engine.keep_only(0, 0);
  return computing;
}

Result<Heard> listen(const MakeEngine& make, const std::string& base, int threads, Path& path, int& collapses) {
  GENEPOOL_TRY(const std::unique_ptr<Engine> engine, make());
  const EngineOptions options{.base_path = base, .context_size = kContext, .sequences = 1, .batch_size = kBatch, .threads = threads};
  GENEPOOL_TRY(const EngineInfo info, engine->load(options));
  Heard heard{.engine = info.engine, .bytes = info.weights_bytes};
  if (path.prompts.empty()) {
    for (const char* prompt : kProbePrompts) {
      GENEPOOL_TRY(path.prompts.emplace_back(), probe_tokens(*engine, prompt));
    }
    path.answers.resize(path.prompts.size());
  }
  Steps steps(*engine, threads, collapses);
  GENEPOOL_TRY_VOID(steps.warm_up(path.prompts.front()));
  Duration computing{};
  for (std::size_t i = 0; i < path.prompts.size(); ++i) {
    GENEPOOL_TRY(const Duration one, follow(*engine, steps, path.prompts[i], path.answers[i], heard.next));
    computing += one;
  }
  heard.speed.answer_rate = rate(heard.next.size(), computing);
  GENEPOOL_TRY(heard.speed.prompt_rate, prompt_rate(*engine, steps, path));  // when everything has been touched once
  return heard;
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

BaseSpeed median(const std::vector<BaseSpeed>& speeds) {
  std::vector<double> prompt;
  std::vector<double> answer;
  for (const BaseSpeed& speed : speeds) {
    prompt.push_back(speed.prompt_rate);
    answer.push_back(speed.answer_rate);
  }
  return {median(std::move(prompt)), median(std::move(answer))};
}

Result<void> compare(const Heard& source, const Heard& candidate, BaseComparison& into) {
  into.positions = static_cast<std::uint32_t>(source.next.size());
  for (std::size_t i = 0; i < source.next.size(); ++i) {
    if (source.next[i].size() != candidate.next[i].size()) return fail(Code::kBadRequest, "the two bases have different vocabularies");
    into.kl += divergence(source.next[i], candidate.next[i]) / into.positions;
    if (!is_same_choice(source.next[i], candidate.next[i])) ++into.top1_changed;
  }
  return {};
}

// All of it with `threads` threads, unless `collapses` of their steps reach kCollapses.
Result<BaseComparison> compare_with(int threads, const MakeEngine& make, const BaseTrial& trial, const TrialProgress& progress,
                                    int& collapses) {
  BaseComparison result{.threads = threads};
  Path path;
  const auto try_until_heard = [&](const std::string& base) {
    while (true) {
      const int before = collapses;
      Result<Heard> heard = listen(make, base, threads, path, collapses);
      if (heard || collapses == before || collapses >= kCollapses) return heard;
    }
  };
  std::vector<BaseSpeed> of_source;
  std::vector<BaseSpeed> of_candidate;
  const std::uint32_t rounds = std::max(1U, trial.rounds);
  for (std::uint32_t round = 0; round < rounds; ++round) {
    progress(fmt::format("round {} of {}, the base itself", round + 1, rounds));
    GENEPOOL_TRY(const Heard source, try_until_heard(trial.source));
    progress(fmt::format("round {} of {}, the candidate", round + 1, rounds));
    GENEPOOL_TRY(const Heard candidate, try_until_heard(trial.candidate));
    of_source.push_back(source.speed);
    of_candidate.push_back(candidate.speed);
    if (round > 0) continue;  // what they say is the same every time
    result.engine = source.engine;
    result.candidate_bytes = candidate.bytes;
    GENEPOOL_TRY_VOID(compare(source, candidate, result));
  }
  result.source = median(of_source);
  result.candidate = median(of_candidate);
  return result;
}

}  // namespace

Result<BaseComparison> compare_bases(const MakeEngine& make, const BaseTrial& trial, const TrialProgress& progress) {
  int collapses = 0;
  Result<BaseComparison> found = compare_with(trial.threads, make, trial, progress, collapses);
  return collapses < kCollapses ? found : compare_with(1, make, trial, progress, collapses);
}

std::string line_of(const BaseComparison& c) {
  return fmt::format("{} {} {} {} {} {} {} {} {} {}", c.source.prompt_rate, c.source.answer_rate, c.candidate.prompt_rate,
                     c.candidate.answer_rate, c.candidate_bytes, c.kl, c.top1_changed, c.positions, c.threads, c.engine);
}

Result<BaseComparison> parse_comparison(const std::string& line) {
  BaseComparison c;
  std::istringstream text(line);
  text >> c.source.prompt_rate >> c.source.answer_rate >> c.candidate.prompt_rate >> c.candidate.answer_rate >> c.candidate_bytes >>
      c.kl >> c.top1_changed >> c.positions >> c.threads;
  std::getline(text >> std::ws, c.engine);
  if (!text) return fail(Code::kInternal, "genepool-worker measured a base and said \"{}\"", line);
  return c;
}

}  // namespace genepool

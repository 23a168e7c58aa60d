// ThreadChoice: how many threads the next step may use. The engine's barriers spin: beside any busy neighbour, even one of
// another program, a step with as many threads as cores takes 10 to 100 times its time (measured on 2 cores:
// 38 tokens/s with one thread, 0.2 to 6 with two). So a wide step that takes several times what steps of its kind have
// taken is given up in the middle, and the worker computes with one thread for a while: a second, then twice that, and so
// on up to a minute, back to a second after ten good ones.
// What one worker learns, all of a zygote's workers know (ThreadKnowledge, in memory they share): a fresh one need not collapse
// first. Owner: a worker. Thread: its only one. Pure: time is handed in.
// Use:   gate.enter(choice.most(now)); choice.begin(threads, now); decode(); choice.end(tokens, now, false);
//        abort callback: if (choice.is_hopeless(tokens, now)) abort;  // the step is computed again with one thread
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "base/clock.h"

namespace genepool {

// Nanoseconds; zero = not known yet. Written by any worker, each value by itself: a lost update is learned again.
struct ThreadKnowledge {
  std::array<std::atomic<std::int64_t>, 2> best_per_token{};  // lately; of answers, of prompts
  std::atomic<std::int64_t> narrow_until{}, pause{};
};
static_assert(std::atomic<std::int64_t>::is_always_lock_free, "it is shared between processes");

class ThreadChoice {
 public:
  ThreadChoice(int most, ThreadKnowledge& known) : most_(most), known_(known) {}

  [[nodiscard]] int most(Instant now) const { return now.count() < known_.narrow_until ? 1 : most_; }

  void begin(int threads, Instant now);
  // The step under way, of so many tokens, is wide and far beyond what it should take.
  [[nodiscard]] bool is_hopeless(std::size_t tokens, Instant now) const;
  void end(std::size_t tokens, Instant now, bool was_aborted);

 private:
  // Time per token differs between prompts and answers, and little within each.
  enum Kind : std::size_t { kDecode, kPrefill };
  static constexpr std::size_t kMostDecodeTokens = 16;

  [[nodiscard]] static Kind kind_of(std::size_t tokens) { return tokens <= kMostDecodeTokens ? kDecode : kPrefill; }
  [[nodiscard]] Duration limit(std::size_t tokens) const;

  int most_;
  ThreadKnowledge& known_;
  Duration good_for_{};  // wide steps since the last collapse, in sum
  // the step under way
  int threads_ = 1;
  Instant began_{};
};

}  // namespace genepool

// Runs in workers.
#include "worker/thread_choice.h"

#include <algorithm>

namespace genepool {
namespace {

constexpr int kHopelessFactor = 4;
// Before anything is known; a base that takes longer learns it with one thread.
constexpr Duration kUnknownLimit = std::chrono::seconds(1);
// A preempted thread costs a time slice or two whatever the step's size.
constexpr Duration kSlack = std::chrono::milliseconds(20);
constexpr Duration kFirstPause = std::chrono::seconds(1);
constexpr Duration kLongestPause = std::chrono::minutes(1);
constexpr Duration kForgiven = std::chrono::seconds(10);

}  // namespace

void ThreadChoice::begin(int threads, Instant now) {
  threads_ = threads;
  began_ = now;
}

Duration ThreadChoice::limit(std::size_t tokens) const {
  const Duration best(known_.best_per_token.at(kind_of(tokens)));
  if (best == Duration{}) return kUnknownLimit;
  return best * static_cast<Duration::rep>(tokens) * kHopelessFactor + kSlack;
}

bool ThreadChoice::is_hopeless(std::size_t tokens, Instant now) const { return threads_ > 1 && now - began_ > limit(tokens); }

void ThreadChoice::end(std::size_t tokens, Instant now, bool was_aborted) {
  const Duration took = now - began_;
  if (threads_ > 1 && took > limit(tokens)) {
    const Duration pause = std::clamp(2 * Duration(known_.pause), kFirstPause, kLongestPause);
    known_.pause = pause.count();
    known_.narrow_until = (now + pause).count();
    good_for_ = {};
    return;
  }
  if (was_aborted || tokens == 0) return;
  // The best fades by 2 % a step: attention over a longer context takes longer.
  std::atomic<std::int64_t>& best = known_.best_per_token.at(kind_of(tokens));
  const std::int64_t before = best;
  const std::int64_t per_token = took.count() / static_cast<std::int64_t>(tokens);
  best = before == 0 ? per_token : std::min(per_token, before + before / 50);
  if (threads_ > 1) good_for_ += took;
  if (good_for_ > kForgiven) known_.pause = 0;
}

}  // namespace genepool

// Runs in workers. With which KV a request begins: what its sequence has, or what another one computed or is computing.
#include <algorithm>

#include "worker/batcher_request.h"

namespace genepool {
namespace {

// Fewer are computed about as fast as they are waited for.
constexpr std::size_t kWorthWaiting = 16;

std::size_t common_prefix(const std::vector<Token>& a, const std::vector<Token>& b) {
  const auto end = std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first;
  return static_cast<std::size_t>(end - a.begin());
}

}  // namespace

// A conversation goes on where it was: in the free sequence with the longest prefix, if that is half of what the sequence
// holds or more. For less (a common system prompt) no conversation is forgotten: it is shared, into the oldest sequence.
std::int32_t Batcher::best_sequence(const Request& request) const {
  std::int32_t best = -1;
  std::pair<std::size_t, std::uint64_t> best_rank;
  for (std::size_t i = 0; i < sequences_.size(); ++i) {
    const Sequence& sequence = sequences_[i];
    if (sequence.is_taken) continue;
    const std::size_t prefix = common_prefix(sequence.kv, request.tokens);
    const bool goes_on = 2 * prefix >= sequence.kv.size();
    const std::pair rank(goes_on ? prefix : 0, ~sequence.last_used);
    if (best >= 0 && rank <= best_rank) continue;
    best = static_cast<std::int32_t>(i);
    best_rank = rank;
  }
  return best;
}

// How many tokens of the request are in the KV of its sequence afterwards. The last token is always computed: its logits are
// not kept.
std::size_t Batcher::keep_prefix(const Request& request) {
  const auto usable = [&](const Sequence& sequence) { return std::min(common_prefix(sequence.kv, request.tokens), request.tokens.size() - 1); };
  Sequence& own = sequences_[static_cast<std::size_t>(request.sequence)];
  const auto richest = std::ranges::max_element(sequences_, {}, usable);
  const std::size_t shared = usable(*richest), kept = usable(own);
  const auto from = static_cast<std::int32_t>(richest - sequences_.begin());
  const bool was_saved = !richest->saved.empty();
  if (shared > kept && (!was_saved || restore(from, shared))) {
    forget(request.sequence, 0);
    engine_.share(from, request.sequence, static_cast<std::int32_t>(shared));
    own.kv.assign(request.tokens.begin(), request.tokens.begin() + static_cast<std::ptrdiff_t>(shared));
    return shared;
  }
  if (shared > kept && richest->saved.empty()) forget(from, 0);  // it could not be restored
  if (kept == 0 || (!own.saved.empty() && !restore(request.sequence, kept))) return 0;
  forget(request.sequence, kept);
  return kept;
}

// Another request is computing tokens that this one begins with, too: who waits for them need not compute them again.
bool Batcher::will_share_more_later(const Request& request) const {
  std::size_t now = 0, later = 0;
  for (const Sequence& sequence : sequences_) now = std::max(now, common_prefix(sequence.kv, request.tokens));
  for (const auto& other : running_) later = std::max(later, common_prefix(other->tokens, request.tokens));
  return later >= now + kWorthWaiting;
}

}  // namespace genepool

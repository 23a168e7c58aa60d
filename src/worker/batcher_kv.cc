// Runs in workers. The KV of finished requests, over the end of one worker and the beginning of the next.
#include <algorithm>
#include <numeric>
#include <utility>

#include "base/log.h"
#include "worker/batcher_request.h"

namespace genepool {
namespace {

// Fewer are prefilled again in about the time that it takes to save and restore them.
constexpr std::size_t kFewestTokens = 16;

}  // namespace

Result<std::optional<Batcher::Saved>> Batcher::save_kv(const std::string& genome, std::uint64_t most) const {
  if (options_.deterministic || has_work()) return std::nullopt;
  std::vector<std::int32_t> order(sequences_.size());
  std::iota(order.begin(), order.end(), 0);
  const auto at = [this](std::int32_t index) -> const Sequence& { return sequences_[static_cast<std::size_t>(index)]; };
  std::ranges::sort(order, [&](std::int32_t a, std::int32_t b) { return at(a).last_used > at(b).last_used; });
  std::vector<KvToSave> wanted;
  std::size_t tokens = 0;
  std::uint64_t bytes = 0;
  for (const std::int32_t index : order) {
    const Sequence& sequence = at(index);
    if (sequence.kv.size() < kFewestTokens) continue;
    const std::size_t size = sequence.saved.empty() ? engine_.kv_size(index) : sequence.saved.size();
    if (bytes + size > most) continue;
    bytes += size;
    tokens += sequence.kv.size();
    wanted.push_back({sequence.kv, size, [this, index, &sequence](std::span<std::byte> to) -> Result<void> {
                        if (sequence.saved.empty()) return engine_.save_kv(index, to);
                        std::ranges::copy(sequence.saved, to.begin());  // nobody came back to it
                        return {};
                      }});
  }
  if (wanted.empty()) return std::nullopt;
  GENEPOOL_TRY(MemoryFile file, write_saved_kv(genome, wanted));
  return Saved{std::move(file), tokens};
}

void Batcher::offer_kv(SavedKv saved) {
  if (options_.deterministic) return;
  saved_ = std::move(saved);
  const std::size_t count = std::min(saved_.entries().size(), sequences_.size());
  for (std::size_t i = count; i-- > 0;) {  // the last used comes first, and shall be the last to go again
    sequences_[i].kv = saved_.entries()[i].tokens;
    sequences_[i].saved = saved_.entries()[i].kv;
    sequences_[i].last_used = ++clock_;
  }
}

// For its first `wanted` tokens. False: it is not worth it or could not be, and they have to be computed again.
bool Batcher::restore(std::int32_t index, std::size_t wanted) {
  if (wanted < kFewestTokens) return false;
  Sequence& sequence = sequences_[static_cast<std::size_t>(index)];
  const auto restored = engine_.restore_kv(index, std::exchange(sequence.saved, {}));
  if (!restored) log(Level::kWarn, "saved KV could not be restored", {{"error", restored.error().message}});
  return restored.has_value();
}

}  // namespace genepool

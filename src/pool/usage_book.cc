#include "pool/usage_book.h"

#include <iterator>

namespace genepool {

Usage& UsageBook::hold(const Identity& identity) {
  const auto found = by_identity_.find(identity);
  if (found != by_identity_.end()) {
    ++found->second->holders;
    return found->second->usage;
  }
  trim();
  Page& page = pages_.emplace_front();
  page.holders = 1;
  page.usage.identity = identity;
  if (free_indices_.empty()) {
    page.usage.index = static_cast<std::uint32_t>(by_index_.size());
    by_index_.emplace_back();
  } else {
    page.usage.index = free_indices_.back();
    free_indices_.pop_back();
  }
  by_index_[page.usage.index] = pages_.begin();
  by_identity_.emplace(identity, pages_.begin());
  return page.usage;
}

void UsageBook::release(const Usage& usage) { --of(usage)->holders; }

void UsageBook::on_request(Usage& usage, std::uint64_t use, Instant now) {
  const Duration elapsed = now - usage.last_time;
  usage.count_10m = usage.count_10m * decay(elapsed, kTenMinutes) + 1;
  usage.count_1d = usage.count_1d * decay(elapsed, kOneDay) + 1;
  usage.last_use = use;
  usage.last_time = now;
  ++usage.requests;
  pages_.splice(pages_.begin(), pages_, of(usage));
}

// Room for one more, when anything may go.
void UsageBook::trim() {
  if (pages_.size() < most_) return;
  auto oldest = pages_.rbegin();
  while (oldest != pages_.rend() && oldest->holders > 0) ++oldest;
  if (oldest == pages_.rend()) return;
  forget_(oldest->usage);
  by_identity_.erase(oldest->usage.identity);
  free_indices_.push_back(oldest->usage.index);
  pages_.erase(std::next(oldest).base());
}

}  // namespace genepool

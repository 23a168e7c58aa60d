#include "pool/usage_book.h"

#include <iterator>

namespace genepool {
namespace {

constexpr double kEwmaShare = 0.3;  // a new level is believed after about five loads

}  // namespace

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

Usage* UsageBook::find(const Identity& identity) {
  const auto found = by_identity_.find(identity);
  return found == by_identity_.end() ? nullptr : &found->second->usage;
}

void UsageBook::release(const Usage& usage) { --of(usage)->holders; }

void UsageBook::expect(Usage& usage, const Expected& expected) const {
  const auto fill = [&](Cost& cost, const Usual& usual, std::uint64_t bytes) {
    if (!cost.is_measured) cost.seconds = usual.is_measured ? usual.seconds : to_ms(expected.prior) / 1e3;
    cost.bytes = bytes;
  };
  fill(usage.hot, usual_hot_, expected.hot_bytes);
  fill(usage.warm, usual_warm_, expected.warm_bytes);
}

void UsageBook::on_request(Usage& usage, std::uint64_t use, Instant now) {
  const Duration elapsed = now - usage.last_time;
  usage.count_10m = usage.count_10m * decay(elapsed, kTenMinutes) + 1;
  usage.count_1d = usage.count_1d * decay(elapsed, kOneDay) + 1;
  usage.last_use = use;
  usage.last_time = now;
  ++usage.requests;
  pages_.splice(pages_.begin(), pages_, of(usage));
}

void UsageBook::on_load(Cost& cost, Usual& usual, Duration took) {
  const double seconds = to_ms(took) / 1e3;
  const auto learn = [&](double& known, bool& is_measured) {
    known = is_measured ? known + kEwmaShare * (seconds - known) : seconds;
    is_measured = true;
  };
  learn(cost.seconds, cost.is_measured);
  learn(usual.seconds, usual.is_measured);
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

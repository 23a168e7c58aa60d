#include "pool/ghost.h"

#include <algorithm>

namespace genepool {

Ghost::Ghost(PolicyKind kind, Cost Usage::*cost, const Budget& budget)
    : kind_(kind), cost_(cost), budget_(budget), expert_(make_expert(kind)) {}

PolicyStatus Ghost::status() const { return {policy_name(kind_), policy_name(kind_), {}}; }

double Ghost::score(const Usage& usage, Instant now) const { return expert_->score(usage, worth(usage), now); }

void Ghost::resize(const Budget& budget) {
  budget_ = budget;
  make_room(0, 0, now_);
}

bool Ghost::on_request(const Usage& usage, Instant now) {
  now_ = now;
  expert_->on_request(usage, now);
  const bool was_there = has(usage);
  if (!was_there) {
    const std::uint64_t bytes = (usage.*cost_).bytes;
    if (budget_.places == 0 || bytes > budget_.bytes) return false;
    make_room(1, bytes, now);
    residents_.push_back({&usage});
    if (charged_.size() <= usage.index) charged_.resize(usage.index + 1, kAbsent);
    charged_[usage.index] = bytes;
    bytes_ += bytes;
  }
  expert_->on_access(usage, worth(usage));
  return was_there;
}

void Ghost::make_room(std::uint32_t places, std::uint64_t bytes, Instant now) {
  while (!residents_.empty() && (residents_.size() + places > budget_.places || bytes_ + bytes > budget_.bytes)) {
    const std::size_t victim = choose_victim(*this, residents_, now);
    expert_->on_evict(*residents_[victim].usage);
    remove(victim);
  }
}

void Ghost::remove(std::size_t resident) {
  std::uint64_t& charged = charged_[residents_[resident].usage->index];
  bytes_ -= charged;
  charged = kAbsent;
  residents_[resident] = residents_.back();
  residents_.pop_back();
}

void Ghost::forget(const Usage& usage) {
  const auto it = std::ranges::find(residents_, &usage, &Candidate::usage);
  if (it != residents_.end()) remove(static_cast<std::size_t>(it - residents_.begin()));
  expert_->forget(usage);
}

}  // namespace genepool

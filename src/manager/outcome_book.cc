#include "manager/outcome_book.h"

#include <algorithm>

namespace genepool {

void OutcomeBook::on_issued(GenomeIndex genome, Duration load) {
  (void)on_gone(genome);
  open_[genome] = {summary_.issued++, load};
  recent_.push_back(Outcome::kOpen);
  if (recent_.size() > kRecent) recent_.pop_front();
}

void OutcomeBook::on_refused(GenomeIndex genome) {
  if (open_.erase(genome) == 0) return;
  --summary_.issued;
  recent_.pop_back();
}

std::optional<OutcomeBook::Outcome> OutcomeBook::on_request(GenomeIndex genome, bool was_hot) {
  if (!was_hot) ++summary_.misses;
  const auto open = open_.find(genome);
  if (open == open_.end()) return std::nullopt;
  const Outcome outcome = was_hot ? Outcome::kUsed : Outcome::kWasted;
  close(open, outcome);
  return outcome;
}

std::optional<OutcomeBook::Outcome> OutcomeBook::on_gone(GenomeIndex genome) {
  const auto open = open_.find(genome);
  if (open == open_.end()) return std::nullopt;
  close(open, Outcome::kWasted);
  return Outcome::kWasted;
}

void OutcomeBook::close(std::map<GenomeIndex, Load>::iterator open, Outcome outcome) {
  const auto& [number, load] = open->second;
  if (outcome == Outcome::kUsed) {
    ++summary_.used;
  } else {
    ++summary_.wasted;
    summary_.wasted_ms += to_ms(load);
  }
  const std::uint64_t first_recent = summary_.issued - recent_.size();
  if (number >= first_recent) recent_[number - first_recent] = outcome;
  open_.erase(open);
}

OutcomeBook::Summary OutcomeBook::summary() const {
  Summary summary = summary_;
  summary.recently_issued = recent_.size();
  summary.recently_used = static_cast<std::size_t>(std::ranges::count(recent_, Outcome::kUsed));
  return summary;
}

}  // namespace genepool

#include "pool/tournament.h"

#include <cmath>

#include "pool/ghost.h"

namespace genepool {

Tournament::Tournament(Cost Usage::*cost, const Budget& budget) : cost_(cost) {
  for (std::size_t i = 0; i < entrants_.size(); ++i) {
    entrants_[i].ghost = std::make_unique<Ghost>(static_cast<PolicyKind>(i), cost, budget);
  }
}

void Tournament::resize(const Budget& budget) {
  for (Entrant& e : entrants_) e.ghost->resize(budget);
}

bool Tournament::on_request(const Usage& usage, Instant now) {
  static const double keep = std::exp2(-1 / kHalfLifeRequests);
  bool had_it = false;
  std::size_t best = 0;
  for (std::size_t i = 0; i < entrants_.size(); ++i) {
    Entrant& e = entrants_[i];
    const bool is_hit = e.ghost->on_request(usage, now);
    if (i == followed_) had_it = is_hit;
    e.loss_seconds = e.loss_seconds * keep + (is_hit ? 0 : (usage.*cost_).seconds);
    if (e.loss_seconds < entrants_[best].loss_seconds) best = i;
  }
  if (entrants_[best].loss_seconds < kMargin * entrants_[followed_].loss_seconds) followed_ = best;
  return had_it;
}

double Tournament::score(const Usage& usage, Instant now) const { return entrants_[followed_].ghost->score(usage, now); }

void Tournament::forget(const Usage& usage) {
  for (Entrant& e : entrants_) e.ghost->forget(usage);
}

PolicyStatus Tournament::status() const {
  PolicyStatus status{policy_name(PolicyKind::kTournament), entrants_[followed_].ghost->status().name, {}};
  for (const Entrant& e : entrants_) status.experts.push_back({e.ghost->status().name, e.loss_seconds});
  return status;
}

}  // namespace genepool

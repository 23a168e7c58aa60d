// Tournament: seven ghosts under the pool's budget, one per expert; the pool follows the expert whose ghost has lately lost the
// fewest seconds to misses. It changes over only for one that is clearly better, so that it does not dither between equals.
// Measured: the half-life and the margin hardly matter between 200 and 2,000 requests and 0 and 5 %.
#pragma once

#include <array>

#include "pool/policy.h"

namespace genepool {

class Tournament final : public Policy {
 public:
  Tournament(Cost Usage::*cost, const Budget& budget);
  void resize(const Budget& budget) override;
  bool on_request(const Usage& usage, Instant now) override;  // true: the followed one's ghost had it
  double score(const Usage& usage, Instant now) const override;
  void forget(const Usage& usage) override;
  PolicyStatus status() const override;

 private:
  static constexpr double kHalfLifeRequests = 500, kMargin = 0.98;
  struct Entrant {
    std::unique_ptr<Policy> ghost;
    double loss_seconds = 0;
  };
  Cost Usage::*cost_;
  std::array<Entrant, 7> entrants_;
  std::size_t followed_ = 0;
};

}  // namespace genepool

#include "manager/prefetch_gate.h"

#include <cmath>

namespace genepool {
namespace {

constexpr double kHalfLifeRequests = 1'000;
constexpr double kSpeculativePrice = 0.05;  // of a load that somebody waits for
constexpr std::uint64_t kFirstJudged = 500;
constexpr double kOpensBelow = 0.98, kClosesAbove = 0.99;

}  // namespace

void PrefetchGate::on_request(const Request& request) {
  static const double kKept = std::exp2(-1 / kHalfLifeRequests);
  loss_with_s_ = loss_with_s_ * kKept + request.missed_with_s + kSpeculativePrice * request.speculative_s;
  loss_without_s_ = loss_without_s_ * kKept + request.missed_without_s;
  ++requests_;
  if (requests_ >= kFirstJudged) {
    if (loss_with_s_ < kOpensBelow * loss_without_s_) is_open_ = true;
    if (loss_with_s_ > kClosesAbove * loss_without_s_) is_open_ = false;
  }
  if (is_open_) ++open_requests_;
}

double PrefetchGate::open_share() const {
  return requests_ == 0 ? 0 : static_cast<double>(open_requests_) / static_cast<double>(requests_);
}

}  // namespace genepool

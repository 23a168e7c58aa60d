// PrefetchGate: may prefetching act at all? Two ghosts of the pool run beside it, one with prefetch and one without, and pay for
// their misses in seconds of loading; the one with it also pays .05 of each speculative load. Both losses decay with a half-life
// of 1,000 requests. The gate starts closed, first judges at request 500, opens when prefetch loses less than .98 of what its
// absence does, and closes above .99. It replaces a threshold on precision, which would forbid loads that are worth it.
// Thread: one at a time.
// Use:   gate.on_request({.missed_with_s = a ? 0 : load_s, .missed_without_s = b ? 0 : load_s, .speculative_s = ...});
//        if (gate.is_open()) ...
#pragma once

#include <cstdint>

namespace genepool {

class PrefetchGate {
 public:
  struct Request {
    double missed_with_s = 0, missed_without_s = 0;  // load time of this request's genome, 0 when the ghost had it
    double speculative_s = 0;                        // what the ghost with prefetch loaded since the request before
  };

  void on_request(const Request& request);

  [[nodiscard]] bool is_open() const { return is_open_; }
  [[nodiscard]] double loss_with_s() const { return loss_with_s_; }
  [[nodiscard]] double loss_without_s() const { return loss_without_s_; }
  [[nodiscard]] std::uint64_t requests() const { return requests_; }
  [[nodiscard]] double open_share() const;  // of all requests so far, those after which it was open

 private:
  bool is_open_ = false;
  double loss_with_s_ = 0, loss_without_s_ = 0;
  std::uint64_t requests_ = 0, open_requests_ = 0;
};

}  // namespace genepool

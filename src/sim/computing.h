// Computing: the requests that workers answer in virtual time, sharing the machine's cores: when one comes or goes the others
// become slower or faster. A request is prefilled, then decoded; each phase has its work, in seconds of one request alone.
// Thread: one at a time. Memory: the requests in flight.
#pragma once

#include <optional>
#include <vector>

#include "pool/events.h"
#include "sim/cost_model.h"

namespace genepool {

class Computing {
 public:
  explicit Computing(const CostModel& costs) : costs_(costs) {}

  void start(RequestId request, WorkerId worker, Duration prefill, Duration decode, Instant now);
  [[nodiscard]] std::vector<RequestId> stop(WorkerId worker, Instant now);  // it died: who was in flight

  struct Done {
    Instant at{};
    RequestId request = 0;
    WorkerId worker = 0;
    bool is_first_token = false;  // the prefill is over; else the whole request
  };
  [[nodiscard]] std::optional<Done> next() const;  // what ends first if nothing changes
  void finish(const Done& done);                   // Requires: next()
  [[nodiscard]] std::vector<WorkerId> workers() const;  // that have work, each once, in order

 private:
  struct Work {
    RequestId request = 0;
    WorkerId worker = 0;
    double left = 0;            // ns of one request alone, of this phase
    Duration decode{};
    bool is_prefill = true;
    double speed = 1;
  };
  void advance(Instant now);
  void share();
  [[nodiscard]] static Instant end_of(const Work& work, Instant now);

  const CostModel& costs_;
  std::vector<Work> works_;
  Instant now_{};
};

}  // namespace genepool

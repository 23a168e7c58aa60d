// Timeline: what a simulation did in each of kParts equal parts of its trace's time: for plots.
// Thread: one at a time. Memory: 4 KiB.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/clock.h"
#include "trace/trace.h"

namespace genepool {

class Timeline {
 public:
  static constexpr std::size_t kParts = 100;
  struct Part {
    std::uint64_t requests = 0, misses = 0, refused = 0;  // of those that came in it
    double slot_seconds = 0;                              // genomes HOT x time
  };

  explicit Timeline(const Trace& trace);  // from its first request to its last

  void on_arrival(Instant arrived) { ++at(arrived).requests; }
  void on_miss(Instant arrived) { ++at(arrived).misses; }
  void on_refusal(Instant arrived) { ++at(arrived).refused; }
  void on_held(std::uint64_t places, Instant from, Instant to);

  [[nodiscard]] const std::vector<Part>& parts() const { return parts_; }
  [[nodiscard]] double part_seconds() const { return to_ms(part_) / 1e3; }

 private:
  [[nodiscard]] std::size_t index_of(Instant time) const;  // before and after: the first and the last
  [[nodiscard]] Instant begin_of(std::size_t part) const { return began_ + part_ * static_cast<Duration::rep>(part); }
  [[nodiscard]] Part& at(Instant time) { return parts_[index_of(time)]; }

  Instant began_{};
  Duration part_{};
  std::vector<Part> parts_;
};

}  // namespace genepool

// Probes: new layers under trial, each in a worker of its own that never answers anybody: it loads the layer, decodes with
// and without it and says how far the layer moves the base. A layer that kills its worker is refused; nothing else notices.
// Beside the pool: a probe's worker counts neither as HOT nor in its bytes, computes under the core gate with one ticket,
// and lives for kLimit at most.
// Owner: the runtime. Thread: the strand.
#pragma once

#include <functional>
#include <map>
#include <optional>

#include "base/clock.h"
#include "base/memory_file.h"
#include "genome/layer_effect.h"
#include "runtime/supervisor.h"

namespace genepool {

class Probes {
 public:
  using Done = std::function<void(Result<LayerEffect>)>;
  static constexpr Duration kLimit = std::chrono::minutes(2);

  // `page`: of the layer alone, with weight 1. `done` comes once, on the strand: kLayerRejected when the layer does not work,
  // kUnavailable when there was no worker or no time.
  void begin(Supervisor& supervisor, MemoryFile page, Done done);

  // The supervisor's news, when the worker is a probe's; false: it is not.
  [[nodiscard]] bool on_ready(Supervisor& supervisor, WorkerId worker);
  [[nodiscard]] bool on_failed(WorkerId worker, const Error& error);
  [[nodiscard]] bool on_message(Supervisor& supervisor, WorkerId worker, const FromWorker& message);
  [[nodiscard]] bool on_gone(WorkerId worker, const WorkerEnd& end);

  void check_limits(Supervisor& supervisor);  // about once a second
  void close(const Error& error);  // ends all, and refuses those that come later

 private:
  struct Probe {
    MemoryFile page;
    Done done;  // null once it was called: the worker is on its way out
    Instant begun{};
  };
  static void finish(Probe& probe, Result<LayerEffect> result);

  std::map<WorkerId, Probe> probes_;
  WorkerId next_ = WorkerId{1} << 62;  // far from the pool's own, which count from 1
  std::optional<Error> closed_;
};

}  // namespace genepool

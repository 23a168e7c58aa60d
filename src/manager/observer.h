// Observer: what the pool is told and does, as notices for the manager. The one place where the two meet: a server and a
// simulation hand it the same events and actions. GuessDone is not its: whoever gave the guess to the pool hears of its end.
// Thread: the pool's. Memory: workers.
#pragma once

#include <functional>
#include <map>
#include <vector>

#include "manager/notices.h"

namespace genepool {

class Observer {
 public:
  using Describe = std::function<GenomeSeen(const Identity&)>;
  using Sink = std::function<void(const Notice&)>;

  // `describe`: of a genome that the pool knows.
  explicit Observer(Describe describe) : describe_(std::move(describe)) {}

  // An event and the actions that the pool answered it with. `week_hour`: as RequestSeen's.
  void observe(const Event& event, const std::vector<Action>& actions, std::uint32_t week_hour, const Sink& sink);

  // The genomes that are HOT, by their workers' age: what a manager that has just begun is told first.
  [[nodiscard]] std::vector<GenomeSeen> hot() const;

 private:
  struct Worker {
    Identity genome;
    bool is_hot = false;
  };
  void see(const Action& action, const Sink& sink);
  void forget(WorkerId worker, const Sink& sink);

  Describe describe_;
  std::map<WorkerId, Worker> workers_;  // not killed
};

}  // namespace genepool

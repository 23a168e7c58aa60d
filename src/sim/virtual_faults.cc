// What a fault script does in virtual time beside what virtual_doer.cc asks it for, and the signs of life that keep a worker
// which is only slow from being taken for a stuck one.
#include "sim/virtual_doer.h"

namespace genepool {

// A death that nobody wanted: its requests are lost in the middle.
void VirtualDoer::die(WorkerId worker) {
  const auto it = workers_.find(worker);
  if (it == workers_.end() || it->second.is_dying) return;
  free_place(worker);
  (void)computing_.stop(worker, now_);
  workers_.erase(it);
  ++result_.faults.workers_died;
  feed(WorkerGone{worker});
}

void VirtualDoer::kill_as_scripted() {
  const std::optional<std::uint32_t> genome = faults_.take_kill();
  std::vector<WorkerId> struck;
  for (const auto& [worker, process] : workers_) {
    if (!genome || process.genome == *genome) struck.push_back(worker);
  }
  for (const WorkerId worker : struck) die(worker);
}

void VirtualDoer::beat() {
  const std::vector<WorkerId> busy = computing_.workers();
  next_beat_ = busy.empty() ? Instant::max() : now_ + knobs_.stuck_after / 2;
  for (const WorkerId worker : busy) feed(WorkerAlive{worker});
}

Duration VirtualDoer::status_every() const {
  constexpr Duration kWindow = std::chrono::minutes(1);  // of the sizing law
  constexpr Duration kServers = std::chrono::seconds(2);  // what the brakes are made for
  return faults_.is_memory_watched(now_) ? kServers : kWindow;
}

}  // namespace genepool

// Pages and processes in virtual time, also those that a fault script strikes, and the signs of life that keep a worker which
// is only slow from being taken for a stuck one.
#include <algorithm>

#include "sim/virtual_doer.h"

namespace genepool {

// The loader that is free first takes it.
void VirtualDoer::perform(const BuildPage& a) {
  const std::uint32_t genome = genome_of(a.identity);
  std::vector<LayerCharge>& loaded = building_[genome];
  std::uint64_t bytes_read = 0;
  for (const LayerCharge& layer : specs_[genome].layers) {
    if (std::ranges::find(a.missing, layer.id) == a.missing.end()) continue;
    loaded.push_back(layer);
    bytes_read += layer.bytes;
  }
  Instant& free = *std::ranges::min_element(loader_free_);
  const Duration takes = options_.costs->build(genome, bytes_read, specs_[genome].page_bytes, random_);
  assembled_[genome].load += takes;
  layers_wanted_ += specs_[genome].layers.size();
  layers_read_ += a.missing.size();
  free = std::max(free, now_) + takes;
  const bool fails = faults_.fails_load(genome, now_);
  result_.faults.loads_failed += fails ? 1 : 0;
  after(free - now_, fails ? Kind::kBuildFailed : Kind::kBuilt, genome);
}

void VirtualDoer::perform(const SpawnWorker& a) {
  integrate();
  const std::uint32_t genome = genome_of(a.identity);
  workers_.emplace(a.worker, Process{.genome = genome});
  largest_worker_bytes_ = std::max(largest_worker_bytes_, seen(genome).hot_bytes);
  ++hot_;
  hot_bytes_ += specs_[genome].page_bytes;
  const Duration takes = options_.costs->spawn(genome, random_);
  assembled_[genome].spawn += takes;
  const bool fails = faults_.fails_start(genome, now_);
  result_.faults.starts_failed += fails ? 1 : 0;
  after(takes, fails ? Kind::kStartFailed : Kind::kReady, a.worker);
}

void VirtualDoer::perform(const BroughtIn& a) {
  ++result_.loads;
  result_.load_seconds += to_ms(a.took) / 1e3;
}

void VirtualDoer::perform(const ProbeWorker& a) { after(options_.costs->probe(random_), Kind::kProbed, a.worker); }

void VirtualDoer::perform(const KillWorker& a) {
  ++result_.kills[std::string(kill_reason_name(a.reason))];
  free_place(a.worker);
  after(options_.costs->teardown(random_), Kind::kGone, a.worker);
}

bool VirtualDoer::holds_place(WorkerId worker) const {
  const auto it = workers_.find(worker);
  return it != workers_.end() && !it->second.is_dying;
}

void VirtualDoer::free_place(WorkerId worker) {
  integrate();
  Process& process = workers_.at(worker);
  process.is_dying = true;
  --hot_;
  hot_bytes_ -= specs_[process.genome].page_bytes;
}

// A death that nobody wanted: its requests are lost in the middle.
void VirtualDoer::die(WorkerId worker) {
  if (!holds_place(worker)) return;
  free_place(worker);
  (void)computing_.stop(worker, now_);
  workers_.erase(worker);
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

}  // namespace genepool

#include "manager/observer.h"

#include <algorithm>

namespace genepool {
namespace {

// What was turned away is no use of its genome: who comes again and again would look like demand.
bool is_refused(RequestId request, const std::vector<Action>& actions) {
  return std::ranges::any_of(actions, [&](const Action& action) {
    const auto* refusal = std::get_if<RefuseRequest>(&action);
    return refusal != nullptr && refusal->request == request;
  });
}

}  // namespace

void Observer::observe(const Event& event, const std::vector<Action>& actions, std::uint32_t week_hour, const Sink& sink) {
  if (const auto* arrival = std::get_if<Arrive>(&event); arrival != nullptr && !is_refused(arrival->request, actions)) {
    sink(RequestSeen{describe_(arrival->genome.identity), arrival->user, week_hour});
  }
  if (const auto* gone = std::get_if<WorkerGone>(&event)) forget(gone->worker, sink);  // by itself, else it was killed before
  if (const auto* failed = std::get_if<WorkerFailed>(&event)) forget(failed->worker, sink);
  for (const Action& action : actions) see(action, sink);
  if (std::holds_alternative<Release>(event)) sink(Answered{});
}

void Observer::see(const Action& action, const Sink& sink) {
  if (const auto* spawn = std::get_if<SpawnWorker>(&action)) {
    workers_[spawn->worker] = {spawn->identity};
  } else if (const auto* came = std::get_if<BroughtIn>(&action)) {
    workers_[came->worker] = {came->identity, true};
    sink(CameIn{describe_(came->identity), came->from, came->took, came->spawn});
  } else if (const auto* kill = std::get_if<KillWorker>(&action)) {
    forget(kill->worker, sink);
  }
}

void Observer::forget(WorkerId worker, const Sink& sink) {
  const auto known = workers_.extract(worker);
  if (!known.empty() && known.mapped().is_hot) sink(LeftHot{known.mapped().genome});
}

std::vector<GenomeSeen> Observer::hot() const {
  std::vector<GenomeSeen> hot;
  for (const auto& [id, worker] : workers_) {
    if (worker.is_hot) hot.push_back(describe_(worker.genome));
  }
  return hot;
}

}  // namespace genepool

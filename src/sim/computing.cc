#include "sim/computing.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

namespace genepool {

void Computing::advance(Instant now) {
  const auto elapsed = static_cast<double>((now - now_).count());
  for (Work& w : works_) w.left = std::max(0.0, w.left - elapsed * w.speed);
  now_ = now;
}

void Computing::share() {
  std::map<WorkerId, std::size_t> together;
  for (const Work& w : works_) ++together[w.worker];
  for (Work& w : works_) w.speed = costs_.speed(together[w.worker], together.size());
}

void Computing::start(RequestId request, WorkerId worker, Duration prefill, Duration decode, Instant now) {
  advance(now);
  works_.push_back({request, worker, static_cast<double>(prefill.count()), decode, true, 1});
  share();
}

std::vector<RequestId> Computing::stop(WorkerId worker, Instant now) {
  advance(now);
  std::vector<RequestId> stopped;
  for (const Work& w : works_) {
    if (w.worker == worker) stopped.push_back(w.request);
  }
  std::erase_if(works_, [&](const Work& w) { return w.worker == worker; });
  share();
  return stopped;
}

// Rounded up, so that at that time the work is over.
Instant Computing::end_of(const Work& work, Instant now) {
  if (work.left <= 0) return now;
  const double ns = std::ceil(work.left / work.speed);
  return ns < static_cast<double>(std::numeric_limits<Duration::rep>::max()) / 2 ? now + Duration(static_cast<Duration::rep>(ns)) : Instant::max();
}

std::optional<Computing::Done> Computing::next() const {
  std::optional<Done> first;
  for (const Work& w : works_) {
    const Instant at = end_of(w, now_);
    if (at != Instant::max() && (!first || at < first->at)) first = Done{at, w.request, w.worker, w.is_prefill};
  }
  return first;
}

std::vector<WorkerId> Computing::workers() const {
  std::set<WorkerId> busy;
  for (const Work& w : works_) busy.insert(w.worker);
  return {busy.begin(), busy.end()};
}

void Computing::finish(const Done& done) {
  advance(done.at);
  const auto it = std::ranges::find(works_, done.request, &Work::request);
  if (done.is_first_token) {
    it->is_prefill = false;
    it->left = static_cast<double>(it->decode.count());
    return;
  }
  works_.erase(it);
  share();
}

}  // namespace genepool

#include "api/inflight.h"

namespace genepool::api {

void Inflight::begin(const std::string& id) {
  const std::lock_guard lock(mutex_);
  requests_[id] = 0;
}

void Inflight::started(const std::string& id, RequestId request) {
  const std::lock_guard lock(mutex_);
  if (const auto found = requests_.find(id); found != requests_.end()) found->second = request;
}

void Inflight::end(const std::string& id) {
  const std::lock_guard lock(mutex_);
  requests_.erase(id);
}

std::optional<RequestId> Inflight::find(const std::string& id) {
  const std::lock_guard lock(mutex_);
  const auto found = requests_.find(id);
  if (found == requests_.end() || found->second == 0) return std::nullopt;
  return found->second;
}

}  // namespace genepool::api

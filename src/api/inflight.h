// Which request of the runtime an id that clients know stands for, while it is answered: for cancelling from outside.
// Owner: Api. Thread: any (a mutex inside).
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "worker/messages.h"

namespace genepool::api {

class Inflight {
 public:
  void begin(const std::string& id);                     // before the runtime is asked: it may answer at once
  void started(const std::string& id, RequestId request);  // ignored when it has ended meanwhile
  void end(const std::string& id);
  [[nodiscard]] std::optional<RequestId> find(const std::string& id);

 private:
  std::mutex mutex_;
  std::map<std::string, RequestId> requests_;  // 0 = the runtime has not been asked yet
};

}  // namespace genepool::api

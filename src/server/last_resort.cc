#include "server/last_resort.h"

#include <signal.h>
#include <unistd.h>

#include <thread>

#include "base/log.h"

namespace genepool {

void end_anyway_after(Duration limit, Signals signals) {
  std::thread([end = monotonic_now() + limit, signals = std::move(signals)]() mutable {
    for (Instant now = monotonic_now(); now < end; now = monotonic_now()) {
      if (signals.wait(end - now) == SIGINT) break;
    }
    log(Level::kError, "something hangs (a disk?): ended without waiting for it");
    ::_exit(1);
  }).detach();
}

}  // namespace genepool

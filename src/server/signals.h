// Signals as something to wait for: blocked in every thread, read from one descriptor. Thread: the main one.
#pragma once

#include <optional>

#include "base/clock.h"
#include "base/error.h"
#include "base/unique_fd.h"

namespace genepool {

class Signals {
 public:
  // Blocks SIGINT, SIGTERM and SIGHUP in this thread and all it starts; ignores SIGPIPE.
  [[nodiscard]] static Result<Signals> take_over();
  // The next one's number; none when `limit` has passed.
  [[nodiscard]] std::optional<int> wait(Duration limit);
  // Makes wait() return, with SIGTERM; from any thread.
  static void ask_to_end();

 private:
  UniqueFd fd_;
};

}  // namespace genepool

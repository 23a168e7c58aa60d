// The first Ctrl-C (or SIGTERM) only asks: long work looks between its steps, and ends with what it has. The second one ends
// the process as usual. Thread: any; one object at a time.
#pragma once

namespace genepool::cli {

class InterruptRequest {
 public:
  InterruptRequest();
  ~InterruptRequest();
  InterruptRequest(const InterruptRequest&) = delete;
  InterruptRequest& operator=(const InterruptRequest&) = delete;

  [[nodiscard]] bool is_asked() const;
};

}  // namespace genepool::cli

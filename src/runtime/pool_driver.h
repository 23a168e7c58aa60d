// PoolDriver: feeds the PoolCore, keeps its timer, hands its actions on, records both for replay. Events that arise while
// actions are performed wait their turn: the core is never re-entered.
// Owner: the runtime. Thread: the strand.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "pool/pool_core.h"
#include "runtime/loop.h"

namespace genepool {

class PoolDriver {
 public:
  using Perform = std::function<void(const Event&, const std::vector<Action>&)>;  // an event and its actions, in order

  // `event_log`: file that is written anew, "" = none. kIo.
  [[nodiscard]] static Result<std::unique_ptr<PoolDriver>> make(Loop& loop, const Knobs& knobs, const std::string& event_log,
                                                                Perform perform);
  ~PoolDriver();

  void feed(Event event);
  [[nodiscard]] PoolSnapshot snapshot() const;
  [[nodiscard]] std::string_view followed_hot() const;  // experts of the pool's policies
  [[nodiscard]] std::string_view followed_warm() const;
  void flush_log();

 private:
  struct State;
  explicit PoolDriver(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace genepool

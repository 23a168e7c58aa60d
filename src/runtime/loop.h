// Loop: one thread that owns state; work is posted to it, descriptors and timers call back on it. Asio behind a small
// header, so that only loop.cc pays for it.
// Thread: post() from any thread; everything else on the loop's own thread.
// Use:   Loop loop; loop.post([&] { ... }); ... loop.stop();
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "base/clock.h"

namespace genepool {

class Loop {
 public:
  Loop();   // starts the thread
  ~Loop();  // stops and joins it; what is still posted is dropped

  void post(std::function<void()> work);
  void stop();  // returns when the thread has ended; not from the loop's own thread
  [[nodiscard]] bool is_own_thread() const;

  // `on_readable` after every readiness until unwatch(). The descriptor stays the caller's and must outlive the watch.
  using WatchId = std::uint64_t;
  [[nodiscard]] WatchId watch(int fd, std::function<void()> on_readable);
  void when_writable(WatchId watch, std::function<void()> once);
  void unwatch(WatchId watch);

  // One alarm at a time per timer; setting it again moves it.
  using TimerId = std::uint64_t;
  [[nodiscard]] TimerId make_timer(std::function<void()> on_time);
  void set_timer(TimerId timer, Instant when);  // Instant::max() = never

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace genepool

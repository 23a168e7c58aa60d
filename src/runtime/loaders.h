// Loaders: a few threads for work that blocks on disk or takes long (read, fuse, import). Bounded by what the pool asks for:
// at most one job per HOT slot, plus operator requests.
// Thread: submit() from any; jobs run on a loader thread.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace genepool {

class Loaders {
 public:
  explicit Loaders(std::size_t threads);
  ~Loaders() { stop(); }

  void stop();  // finishes the running jobs, drops the waiting ones and those to come

  void submit(std::function<void()> job);

 private:
  void run();

  std::mutex mutex_;  // guards jobs_ and is_stopping_
  std::condition_variable wake_;
  std::deque<std::function<void()>> jobs_;
  bool is_stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace genepool

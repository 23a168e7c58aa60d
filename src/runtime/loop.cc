#include "runtime/loop.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <map>
#include <thread>

namespace genepool {
namespace asio = boost::asio;

namespace {

struct Watch {
  explicit Watch(asio::io_context& io, int fd) : descriptor(io, fd) {}
  ~Watch() { let_go(); }
  // The descriptor is the caller's: it is not closed.
  void let_go() {
    if (descriptor.is_open()) descriptor.release();
  }
  asio::posix::stream_descriptor descriptor;
  std::function<void()> on_readable;
};

struct Timer {
  explicit Timer(asio::io_context& io) : timer(io) {}
  asio::steady_timer timer;
  std::function<void()> on_time;
};

void wait_readable(const std::shared_ptr<Watch>& watch) {
  watch->descriptor.async_wait(asio::posix::stream_descriptor::wait_read,
                               [weak = std::weak_ptr(watch)](const boost::system::error_code& error) {
                                 const auto self = weak.lock();
                                 if (error || !self) return;
                                 self->on_readable();  // may unwatch: `self` keeps what it runs in alive
                                 if (self->descriptor.is_open()) wait_readable(self);
                               });
}

}  // namespace

struct Loop::State {
  asio::io_context io{1};
  asio::executor_work_guard<asio::io_context::executor_type> guard{io.get_executor()};
  std::uint64_t next_id = 1;
  std::map<WatchId, std::shared_ptr<Watch>> watches;
  std::map<TimerId, std::unique_ptr<Timer>> timers;
  std::thread thread;
};

Loop::Loop() : state_(std::make_unique<State>()) {
  state_->thread = std::thread([this] { state_->io.run(); });
}

Loop::~Loop() { stop(); }

void Loop::post(std::function<void()> work) { asio::post(state_->io, std::move(work)); }

void Loop::stop() {
  state_->io.stop();
  if (state_->thread.joinable()) state_->thread.join();
}

bool Loop::is_own_thread() const { return std::this_thread::get_id() == state_->thread.get_id(); }

Loop::WatchId Loop::watch(int fd, std::function<void()> on_readable) {
  const WatchId id = state_->next_id++;
  auto watch = std::make_shared<Watch>(state_->io, fd);
  watch->on_readable = std::move(on_readable);
  wait_readable(watch);
  state_->watches.emplace(id, std::move(watch));
  return id;
}

void Loop::when_writable(WatchId watch, std::function<void()> once) {
  const auto found = state_->watches.find(watch);
  if (found == state_->watches.end()) return;
  found->second->descriptor.async_wait(asio::posix::stream_descriptor::wait_write,
                                       [call = std::move(once)](const boost::system::error_code& error) {
                                         if (!error) call();
                                       });
}

void Loop::unwatch(WatchId watch) {
  const auto found = state_->watches.find(watch);
  if (found == state_->watches.end()) return;
  // Now, not when the callback that may be running has returned: by then the caller has closed the descriptor and its
  // number may belong to a newer watch, which would be the one to go deaf.
  found->second->let_go();
  state_->watches.erase(found);
}

Loop::TimerId Loop::make_timer(std::function<void()> on_time) {
  const TimerId id = state_->next_id++;
  auto timer = std::make_unique<Timer>(state_->io);
  timer->on_time = std::move(on_time);
  state_->timers.emplace(id, std::move(timer));
  return id;
}

void Loop::set_timer(TimerId id, Instant when) {
  Timer& timer = *state_->timers.at(id);
  if (when == Instant::max()) {
    timer.timer.cancel();
    return;
  }
  timer.timer.expires_at(std::chrono::steady_clock::time_point(when));
  timer.timer.async_wait([&timer](const boost::system::error_code& error) {
    if (!error) timer.on_time();
  });
}

}  // namespace genepool

#include "runtime/loop.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <future>
#include <memory>
#include <thread>

#include "base/unique_fd.h"

namespace genepool {
namespace {

struct Pipe {
  Pipe() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    read.reset(ends[0]);
    write.reset(ends[1]);
  }
  void ring() const { EXPECT_EQ(::write(write.get(), "x", 1), 1); }
  void drain() const {
    char byte;
    EXPECT_EQ(::read(read.get(), &byte, 1), 1);
  }
  UniqueFd read, write;
};

TEST(Loop, a_watch_calls_back_for_every_readiness) {
  Loop loop;
  Pipe pipe;
  std::array<std::promise<void>, 3> seen;
  loop.post([&, count = std::size_t{0}]() mutable {
    (void)loop.watch(pipe.read.get(), [&, count]() mutable {
      pipe.drain();
      seen.at(count++).set_value();
    });
  });
  for (std::promise<void>& one : seen) {
    pipe.ring();
    one.get_future().get();
  }
  loop.stop();
}

TEST(Loop, a_descriptor_number_used_again_inside_the_callback_is_heard) {
  Loop loop;
  auto first = std::make_unique<Pipe>();
  Pipe second;
  std::promise<void> reused, heard;
  loop.post([&] {
    auto* id = new Loop::WatchId(0);
    *id = loop.watch(first->read.get(), [&, id] {
      const int number = first->read.get();
      loop.unwatch(*id);
      delete id;
      first.reset();
      second.read.reset(::dup3(second.read.release(), number, O_CLOEXEC));  // the same number, another pipe
      (void)loop.watch(number, [&] {
        second.drain();
        heard.set_value();
      });
      reused.set_value();
    });
    first->ring();
  });
  reused.get_future().wait();
  second.ring();
  EXPECT_EQ(heard.get_future().wait_for(std::chrono::seconds(5)), std::future_status::ready);
  loop.stop();
}

TEST(Loop, a_timer_moves_and_is_cancelled) {
  Loop loop;
  std::promise<Instant> rang;
  const Instant begin = monotonic_now();
  loop.post([&] {
    const auto timer = loop.make_timer([&] { rang.set_value(monotonic_now()); });
    loop.set_timer(timer, begin + std::chrono::hours(1));
    loop.set_timer(timer, begin + std::chrono::milliseconds(20));
    const auto never = loop.make_timer([] { FAIL() << "a cancelled timer rang"; });
    loop.set_timer(never, begin + std::chrono::milliseconds(10));
    loop.set_timer(never, Instant::max());
  });
  EXPECT_GE(rang.get_future().get() - begin, std::chrono::milliseconds(20));
  loop.stop();
}

}  // namespace
}  // namespace genepool

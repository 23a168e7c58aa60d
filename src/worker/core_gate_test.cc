// The gate among real processes: forked children that enter and leave, and die.
#include "worker/core_gate.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <thread>
#include <vector>

namespace genepool {
namespace {

using std::chrono::milliseconds;

const std::function<bool()> kNever = [] { return false; };

// Counters that all children of a test share.
struct Board {
  std::atomic<int> inside{0}, peak{0}, steps[8]{}, granted{0};
  std::atomic<bool> is_open{true};
};

class CoreGateTest : public ::testing::Test {
 protected:
  void SetUp() override {
    void* memory = ::mmap(nullptr, sizeof(Board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ASSERT_NE(memory, MAP_FAILED);
    board_ = new (memory) Board;
  }
  void TearDown() override {
    for (const pid_t pid : children_) kill_and_reap(pid);
    ::munmap(board_, sizeof(Board));
  }

  void open(int cores) { gate_ = std::move(CoreGate::create(cores).value()); }

  pid_t child(std::uint64_t owner, const std::function<void()>& body) {
    const pid_t pid = ::fork();
    if (pid == 0) {
      gate_ = std::move(CoreGate::open(UniqueFd(::dup(gate_.fd()))).value());  // without our own seat
      if (!gate_.sit(owner)) ::_exit(9);
      body();
      ::_exit(0);
    }
    children_.push_back(pid);
    return pid;
  }

  static void kill_and_reap(pid_t pid) {
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
  }

  void step_until_closed(std::size_t who, Duration length, int most = 1) {
    while (board_->is_open) {
      const int granted = gate_.enter(most, kNever);
      const int inside = board_->inside += granted;
      int peak = board_->peak;
      while (inside > peak && !board_->peak.compare_exchange_weak(peak, inside)) {
      }
      board_->granted = granted;
      std::this_thread::sleep_for(length);
      board_->inside -= granted;
      ++board_->steps[who];
      gate_.leave();
    }
  }

  void wait_for(const std::function<bool()>& holds) {
    for (int i = 0; i < 5000 && !holds(); ++i) ::usleep(1000);
    EXPECT_TRUE(holds());
  }

  CoreGate gate_;
  Board* board_ = nullptr;
  std::vector<pid_t> children_;
};

TEST_F(CoreGateTest, never_more_tickets_out_than_cores) {
  open(2);
  for (std::size_t i = 0; i < 6; ++i) {
    child(i + 1, [this, i] { step_until_closed(i, std::chrono::microseconds(300), 2); });
  }
  std::this_thread::sleep_for(milliseconds(300));
  board_->is_open = false;
  for (const pid_t pid : children_) ::waitpid(pid, nullptr, 0);
  children_.clear();
  EXPECT_EQ(board_->peak, 2);
  for (std::size_t i = 0; i < 6; ++i) EXPECT_GT(board_->steps[i], 3) << i;
  EXPECT_EQ(gate_.usage().held, 0);
}

TEST_F(CoreGateTest, alone_it_gets_all_and_with_neighbours_one) {
  open(2);
  ASSERT_TRUE(gate_.sit(1));
  EXPECT_EQ(gate_.enter(8, kNever), 2);
  gate_.leave();
  EXPECT_EQ(gate_.enter(1, kNever), 1);
  gate_.leave();
  child(2, [this] { step_until_closed(0, milliseconds(1)); });
  wait_for([this] { return board_->steps[0] > 2; });
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(gate_.enter(2, kNever), 1);
    gate_.leave();
  }
}

TEST_F(CoreGateTest, decode_time_is_shared_not_steps) {
  open(1);
  child(1, [this] { step_until_closed(0, milliseconds(20)); });
  child(2, [this] { step_until_closed(1, milliseconds(2)); });
  std::this_thread::sleep_for(milliseconds(1000));
  board_->is_open = false;
  // Equal time means ten short steps for each long one; taking turns would mean one.
  EXPECT_GT(board_->steps[1], 4 * board_->steps[0]);
  EXPECT_GT(board_->steps[0], 5);
}

TEST_F(CoreGateTest, a_newcomer_does_not_catch_up_on_the_past) {
  open(1);
  child(1, [this] { step_until_closed(0, milliseconds(2)); });
  wait_for([this] { return board_->steps[0] > 150; });
  const int before = board_->steps[0];
  child(2, [this] { step_until_closed(1, milliseconds(2)); });
  wait_for([this] { return board_->steps[1] >= 30; });
  EXPECT_GT(board_->steps[0] - before, 10);
}

TEST_F(CoreGateTest, a_pause_earns_no_credit) {
  open(1);
  ASSERT_TRUE(gate_.sit(1));
  const auto step = [this] {
    EXPECT_EQ(gate_.enter(1, kNever), 1);
    ::usleep(2000);
    gate_.leave();
  };
  child(2, [this] { step_until_closed(0, milliseconds(2)); });
  wait_for([this] { return board_->steps[0] > 10; });
  for (int i = 0; i < 10; ++i) step();
  std::this_thread::sleep_for(milliseconds(300));
  const int before = board_->steps[0];
  for (int i = 0; i < 30; ++i) step();
  EXPECT_GT(board_->steps[0] - before, 10) << "it kept the other one out for as long as it was away";
}

TEST_F(CoreGateTest, a_killed_holder_is_reclaimed) {
  open(1);
  const pid_t holder = child(1, [this] {
    (void)gate_.enter(1, kNever);
    ++board_->steps[0];
    ::pause();
  });
  wait_for([this] { return board_->steps[0] == 1; });
  child(2, [this] { step_until_closed(1, milliseconds(1)); });
  wait_for([this] { return gate_.usage().waiting == 1; });
  kill_and_reap(holder);
  EXPECT_EQ(board_->steps[1], 0);
  gate_.reclaim(1);
  wait_for([this] { return board_->steps[1] > 3; });
  gate_.reclaim(77);  // unknown: no effect
}

TEST_F(CoreGateTest, a_wait_can_be_given_up) {
  open(1);
  child(1, [this] {
    (void)gate_.enter(1, kNever);
    ++board_->steps[0];
    ::pause();
  });
  wait_for([this] { return board_->steps[0] == 1; });
  ASSERT_TRUE(gate_.sit(2));
  int polls = 0;
  EXPECT_EQ(gate_.enter(1, [&] { return ++polls == 3; }), 0);
  EXPECT_EQ(polls, 3);
  EXPECT_EQ(gate_.usage().waiting, 0);
}

// Children are killed at random moments, some of them inside the lock; the others go on.
TEST_F(CoreGateTest, deaths_at_any_moment_hurt_nobody) {
  open(2);
  child(100, [this] { step_until_closed(0, {}); });
  for (std::uint64_t owner = 1; owner <= 150; ++owner) {
    const pid_t pid = child(owner, [this] { step_until_closed(1, {}, 2); });
    ::usleep(static_cast<useconds_t>(300 + owner * 7));
    children_.pop_back();
    kill_and_reap(pid);
    gate_.reclaim(owner);
  }
  const int before = board_->steps[0];
  wait_for([&] { return board_->steps[0] > before + 100; });
  board_->is_open = false;
  ::waitpid(children_.front(), nullptr, 0);
  children_.clear();
  EXPECT_EQ(gate_.usage().held, 0);
}

TEST_F(CoreGateTest, a_process_stopped_inside_the_lock_does_not_stop_the_server) {
  open(1);
  const pid_t pid = child(1, [this] { step_until_closed(0, {}); });
  // Some stops hit the lock; reclaim() of another must come back from each.
  for (int i = 0; i < 200; ++i) {
    ::usleep(100);
    ::kill(pid, SIGSTOP);
    const Instant start = monotonic_now();
    gate_.reclaim(55);
    EXPECT_LT(monotonic_now() - start, std::chrono::seconds(1));
    ::kill(pid, SIGCONT);
  }
  kill_and_reap(pid);
  children_.clear();
  gate_.reclaim(1);
  EXPECT_EQ(gate_.usage().held, 0);
  ASSERT_TRUE(gate_.sit(2));
  EXPECT_EQ(gate_.enter(1, kNever), 1);
}

TEST_F(CoreGateTest, seats_are_bounded_and_come_back) {
  open(1);
  std::vector<CoreGate> gates;
  for (std::uint64_t i = 0; i < CoreGate::kSeats; ++i) {
    gates.push_back(std::move(CoreGate::open(UniqueFd(::dup(gate_.fd()))).value()));
    ASSERT_TRUE(gates.back().sit(i + 1));
  }
  EXPECT_EQ(gate_.sit(99).error().code, Code::kUnavailable);
  gate_.reclaim(5);
  EXPECT_TRUE(gate_.sit(99));
}

}  // namespace
}  // namespace genepool

#include "worker/thread_choice.h"

#include <gtest/gtest.h>

namespace genepool {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct Steps {
  ThreadKnowledge known;
  ThreadChoice choice{2, known};
  Instant now = seconds(100);

  void step(std::size_t tokens, Duration took) {
    choice.begin(choice.most(now), now);
    now += took;
    choice.end(tokens, now, false);
  }
};

TEST(ThreadChoice, steady_steps_stay_wide) {
  Steps s;
  for (int i = 0; i < 100; ++i) s.step(1, milliseconds(8 + i % 3));
  EXPECT_EQ(s.choice.most(s.now), 2);
}

TEST(ThreadChoice, a_collapsed_step_is_hopeless_in_its_middle_and_narrows) {
  Steps s;
  for (int i = 0; i < 10; ++i) s.step(1, milliseconds(8));
  s.choice.begin(2, s.now);
  EXPECT_FALSE(s.choice.is_hopeless(1, s.now + milliseconds(30)));
  EXPECT_TRUE(s.choice.is_hopeless(1, s.now + milliseconds(80)));
  s.now += milliseconds(80);
  s.choice.end(1, s.now, true);
  EXPECT_EQ(s.choice.most(s.now), 1);
  EXPECT_EQ(s.choice.most(s.now + seconds(1)), 2);
}

TEST(ThreadChoice, narrow_steps_are_never_hopeless) {
  Steps s;
  s.step(1, milliseconds(8));
  s.choice.begin(1, s.now);
  EXPECT_FALSE(s.choice.is_hopeless(1, s.now + seconds(60)));
}

TEST(ThreadChoice, the_pause_doubles_and_is_forgiven) {
  Steps s;
  const auto collapse = [&] {
    s.step(1, seconds(1));
    Duration pause{};
    while (s.choice.most(s.now + pause) == 1) pause += milliseconds(100);
    s.now += pause;
    return pause;
  };
  for (int i = 0; i < 10; ++i) s.step(1, milliseconds(8));
  EXPECT_EQ(collapse(), seconds(1));
  EXPECT_EQ(collapse(), seconds(2));
  EXPECT_EQ(collapse(), seconds(4));
  for (int i = 0; i < 2000; ++i) s.step(1, milliseconds(8));
  EXPECT_EQ(collapse(), seconds(1));
}

TEST(ThreadChoice, a_fresh_worker_knows_what_others_have_learned) {
  Steps s;
  for (int i = 0; i < 10; ++i) s.step(1, milliseconds(8));
  ThreadChoice fresh(2, s.known);
  fresh.begin(2, s.now);
  EXPECT_TRUE(fresh.is_hopeless(1, s.now + milliseconds(80)));
  s.step(1, seconds(1));
  EXPECT_EQ(fresh.most(s.now), 1);
}

TEST(ThreadChoice, prompts_are_measured_apart_from_answers) {
  Steps s;
  for (int i = 0; i < 10; ++i) s.step(1, milliseconds(8));
  s.step(128, milliseconds(400));
  EXPECT_EQ(s.choice.most(s.now), 2);
}

}  // namespace
}  // namespace genepool

#include "store/history.h"

#include <cmath>
#include <limits>
#include <thread>

#include "store/history_fixture.h"
#include "store/sqlite.h"

namespace genepool {
namespace {

using DecisionHistory = HistoryTest;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

TEST_F(DecisionHistory, decisions_come_back_as_they_were_after_a_restart_too) {
  open();
  EXPECT_EQ(history_->state().set_aside + history_->state().error, "");
  EXPECT_EQ(history_->next_id(), 1U);
  Decision full = decision(1);
  full.is_advice = true;
  full.realised = 0;
  full.outcome = "used";
  Decision bare;
  bare.id = 2;
  bare.kind = DecisionKind::kMode;
  history_->append(full);
  history_->append(bare);
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(history_->flush());
    EXPECT_EQ(*history_->list({}), (std::vector{bare, full}));
    EXPECT_EQ(*history_->find(1), full);
    open();
  }
  EXPECT_EQ(history_->next_id(), 3U);
  EXPECT_EQ(history_->state().set_aside, "");
}

TEST_F(DecisionHistory, what_is_queued_at_the_end_is_written) {
  open();
  for (std::uint64_t id = 1; id <= 50; ++id) history_->append(decision(id));
  open();
  EXPECT_EQ(history_->list({})->size(), 50U);
}

TEST_F(DecisionHistory, lists_the_newest_first_within_what_is_asked) {
  open();
  for (std::uint64_t id = 1; id <= 6; ++id) history_->append(decision(id, id % 2 == 0 ? DecisionKind::kGuess : DecisionKind::kSize));
  ASSERT_TRUE(history_->flush());
  EXPECT_EQ(ids(), "6 5 4 3 2 1 ");
  EXPECT_EQ(ids({.limit = 2}), "6 5 ");
  EXPECT_EQ(ids({.after = 4}), "6 5 ");
  EXPECT_EQ(ids({.before = 3}), "2 1 ");
  EXPECT_EQ(ids({.after = 1, .before = 5, .limit = 2}), "4 3 ");
  EXPECT_EQ(ids({.kind = DecisionKind::kGuess}), "6 4 2 ");
  EXPECT_EQ(ids({.kind = DecisionKind::kGuess, .before = 6, .limit = 1}), "4 ");
  EXPECT_EQ(ids({.kind = DecisionKind::kBreaker}), "");
  EXPECT_EQ(ids({.after = UINT64_MAX}), "");
  EXPECT_EQ(ids({.before = UINT64_MAX, .limit = UINT64_MAX}), "6 5 4 3 2 1 ");
  for (const std::uint64_t unknown : {std::uint64_t{0}, std::uint64_t{7}, UINT64_MAX}) {
    EXPECT_EQ(history_->find(unknown).error().code, Code::kNotFound) << unknown;
  }
}

TEST_F(DecisionHistory, what_came_of_a_decision_is_added_later) {
  open();
  append(1, 3);
  history_->settle(1, 9.5, "used after 12 s");
  history_->settle(2, std::nullopt, "evicted unused");
  history_->settle(77, 1, "nobody's");
  ASSERT_TRUE(history_->flush());
  Decision first = decision(1);
  first.realised = 9.5;
  first.outcome = "used after 12 s";
  EXPECT_EQ(*history_->find(1), first);
  EXPECT_EQ(history_->find(2)->realised, std::nullopt);
  EXPECT_EQ(history_->find(2)->outcome, "evicted unused");
  EXPECT_EQ(*history_->find(3), decision(3));
  EXPECT_EQ(history_->state().lost, 0U);
}

TEST_F(DecisionHistory, only_the_newest_stay) {
  open({.decisions = 5});
  append(1, 12);
  EXPECT_EQ(ids(), "12 11 10 9 8 ");
  EXPECT_EQ(history_->find(7).error().code, Code::kNotFound);
  EXPECT_EQ(Database::open(path())->query("SELECT count(*) FROM decision_numbers").and_then([](Statement rows) {
    return rows.step().map([&](bool) { return rows.integer(0); });
  }), 5 * 3) << "their numbers go with them";
}

TEST_F(DecisionHistory, a_number_that_is_none_stays_none) {
  open();
  Decision d = decision(1);
  d.expected = kNan;
  d.inputs = {{"up", kNan, ""}, {"most", std::numeric_limits<double>::infinity(), ""}};
  history_->append(d);
  ASSERT_TRUE(history_->flush());
  const auto back = history_->find(1);
  ASSERT_TRUE(back);
  EXPECT_TRUE(std::isnan(back->expected));
  EXPECT_TRUE(std::isnan(back->inputs.at(0).value));
  EXPECT_TRUE(std::isinf(back->inputs.at(1).value));
}

TEST_F(DecisionHistory, a_decision_that_cannot_be_kept_hurts_no_other) {
  open();
  append(1, 1);
  Decision long_one = decision(2);
  long_one.reason = std::string(20'000, 'x');
  Decision wide = decision(3);
  wide.alternatives.assign(257, {"k", 1, ""});
  history_->append(decision(1, DecisionKind::kHint));  // an id that is taken
  history_->append(decision(0));
  history_->append(long_one);
  history_->append(wide);
  history_->append(decision(4));
  EXPECT_TRUE(history_->flush());
  EXPECT_EQ(ids(), "4 1 ");
  EXPECT_EQ(*history_->find(1), decision(1));
  EXPECT_EQ(history_->state().lost, 4U);
}

TEST_F(DecisionHistory, a_disk_that_does_not_keep_up_loses_decisions_and_delays_nobody) {
  open({.queued = 3});
  append(1, 1);
  auto other = Database::open(path());
  ASSERT_TRUE(other && other->execute("BEGIN IMMEDIATE"));  // the writer waits for it
  for (std::uint64_t id = 2; id <= 20; ++id) history_->append(decision(id));
  const std::uint64_t lost = history_->state().lost;
  EXPECT_GE(lost, 19U - 3U - 3U) << "at most one batch under way and one that waits";
  EXPECT_EQ(history_->list({})->size(), 1U) << "reading goes on";
  ASSERT_TRUE(other->execute("COMMIT"));
  EXPECT_TRUE(history_->flush());
  EXPECT_EQ(history_->state().lost, lost);
  EXPECT_EQ(history_->list({})->size(), 20U - lost);
}

TEST_F(DecisionHistory, many_threads_append_and_read_at_once) {
  open();
  constexpr std::uint64_t kThreads = 4, kEach = 200;
  std::vector<std::thread> threads;
  for (std::uint64_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([this, t] {
      for (std::uint64_t i = 0; i < kEach; ++i) {
        const std::uint64_t id = 1 + t * kEach + i;
        history_->append(decision(id));
        history_->settle(id, 1, "seen");
        if (i % 20 != 0) continue;
        const auto found = history_->list({.limit = 10});
        ASSERT_TRUE(found) << found.error().message;
        for (const Decision& d : *found) EXPECT_EQ(d.inputs.size(), 2U) << "never half a decision";
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  ASSERT_TRUE(history_->flush());
  EXPECT_EQ(history_->state().lost, 0U);
  const auto all = history_->list({.limit = 10'000});
  ASSERT_EQ(all->size(), kThreads * kEach);
  for (const Decision& d : *all) EXPECT_EQ(d.outcome, "seen");
}

}  // namespace
}  // namespace genepool

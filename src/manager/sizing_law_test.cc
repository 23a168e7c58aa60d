#include "manager/sizing_law.h"

#include <gtest/gtest.h>

namespace genepool {
namespace {

using namespace std::chrono_literals;

// `genomes` in turn, one request a second of 1 s load each: the slot `genomes` saves 1 s/s and no other saves anything.
class Loop {
 public:
  explicit Loop(std::uint32_t genomes) : genomes_(genomes) { run_until(3600s); }
  void run_until(Instant end) {
    for (; now_ <= end; now_ += 1s) curve_.observe(next_++ % genomes_, 1, now_);
  }
  [[nodiscard]] const LruCurve& curve() const { return curve_; }

 private:
  std::uint32_t genomes_, next_ = 0;
  Instant now_{};
  LruCurve curve_{LruCurve::kHotSlots};
};

constexpr SlotPrice kPrice{0.1, 0.1};

// A pool of some size that serves such a loop.
class Pool {
 public:
  explicit Pool(std::uint32_t slots, SizeBounds bounds = {}, std::uint32_t genomes = 4)
      : size(slots), loop_(genomes), law_(bounds, now_) {}

  SizingDecision window(SlotPrice price, bool may_grow = true) {
    now_ += 60s;
    loop_.run_until(now_);
    const auto decision = law_.update(loop_.curve(), size, price, may_grow, now_);
    EXPECT_TRUE(decision);
    size = decision->to;
    return *decision;
  }
  // Changes of the size in so many windows, "..+.-".
  std::string windows(int count, SlotPrice price = kPrice, bool may_grow = true) {
    std::string changes;
    for (int i = 0; i < count; ++i) {
      const SizingDecision decision = window(price, may_grow);
      changes += decision.to > decision.from ? '+' : decision.to < decision.from ? '-' : '.';
    }
    return changes;
  }

  std::uint32_t size;

 private:
  Instant now_ = 3600s;
  Loop loop_;
  SizingLaw law_;
};

TEST(SizingLaw, a_window_is_a_minute) {
  const Loop loop(4);
  SizingLaw law({}, 3600s);
  EXPECT_FALSE(law.update(loop.curve(), 3, kPrice, true, 3600s + 59s));
  EXPECT_TRUE(law.update(loop.curve(), 3, kPrice, true, 3600s + 60s));
  EXPECT_FALSE(law.update(loop.curve(), 3, kPrice, true, 3600s + 119s));
}

TEST(SizingLaw, it_grows_after_three_windows_and_sees_two_slots_ahead) {
  Pool pool(2);
  EXPECT_EQ(pool.windows(6), "..+..+") << "slot 3 saves nothing, slot 4 all";
  EXPECT_EQ(pool.size, 4U);
  EXPECT_EQ(pool.windows(4), "....") << "slots 5 and 6 save nothing, and slot 4 is worth its price";
}

// The next two places save nothing, the eighth everything: a place each is worth a sixth of it.
TEST(SizingLaw, a_loop_longer_than_the_next_two_places_is_seen) {
  Pool pool(2, {1, 10}, 8);
  EXPECT_EQ(pool.windows(18), "..+..+..+..+..+..+");
  EXPECT_EQ(pool.size, 8U);
  EXPECT_EQ(pool.windows(10), "..........") << "and the eighth is kept";
  Pool short_of(2, {1, 7}, 8);
  EXPECT_EQ(short_of.windows(5), "....-") << "within the most places there may be";
}

TEST(SizingLaw, it_shrinks_after_five_windows) {
  Pool pool(6);
  EXPECT_EQ(pool.windows(15), "....-....-.....");
  EXPECT_EQ(pool.size, 4U);
}

TEST(SizingLaw, between_the_two_thresholds_it_stays) {
  // Three slots want the fourth: up is 1/2. Four keep it: last is 1.
  EXPECT_EQ(Pool(3).windows(3, {0.5 / 1.11, 0}), "..+");
  EXPECT_EQ(Pool(3).windows(3, {0.5 / 1.09, 0}), "...");
  EXPECT_EQ(Pool(4).windows(5, {1, 1 / 0.91}), ".....");
  EXPECT_EQ(Pool(4).windows(5, {1, 1 / 0.89}), "....-");
}

TEST(SizingLaw, a_window_of_another_mind_begins_the_count_anew) {
  Pool pool(3);
  EXPECT_EQ(pool.windows(2), "..");
  EXPECT_EQ(pool.windows(1, {10, 0}), ".");
  EXPECT_EQ(pool.windows(3), "..+");
}

TEST(SizingLaw, a_change_by_another_begins_both_counts_anew) {
  Pool pool(2);
  EXPECT_EQ(pool.windows(2), "..");
  pool.size = 3;
  EXPECT_EQ(pool.windows(3), "..+");
}

TEST(SizingLaw, it_keeps_to_its_bounds) {
  constexpr SlotPrice dear{10, 10};
  EXPECT_EQ(Pool(10, {}, 12).windows(4), "....");
  EXPECT_EQ(Pool(10, {.most = 12}, 12).windows(4), "..+.");
  EXPECT_EQ(Pool(1).windows(6, dear), "......");
  EXPECT_EQ(Pool(2, {.least = 2}).windows(6, dear), "......");
  EXPECT_EQ(Pool(12).windows(5, dear), "....-") << "what an operator set beyond them";
}

TEST(SizingLaw, brakes_hold_growth_back_until_they_are_off) {
  Pool pool(3);
  EXPECT_EQ(pool.windows(4, kPrice, false), "....");
  EXPECT_TRUE(pool.window(kPrice, false).is_held_back);
  const SizingDecision grown = pool.window(kPrice);
  EXPECT_EQ(grown.to, 4U) << "the windows counted on";
  EXPECT_FALSE(grown.is_held_back);
}

TEST(SizingLaw, brakes_do_not_hinder_it_from_shrinking) {
  EXPECT_EQ(Pool(6).windows(5, kPrice, false), "....-");
}

TEST(SizingLaw, a_decision_says_why_and_what_is_expected) {
  Pool pool(3);
  (void)pool.windows(2);
  const SizingDecision decision = pool.window(kPrice);
  EXPECT_EQ(decision.from, 3U);
  EXPECT_EQ(decision.to, 4U);
  EXPECT_EQ(decision.grow_windows, 3U);
  EXPECT_NEAR(decision.up, 0.5, 0.01) << "slot 4 saves nearly 1 s/s, slot 5 nothing";
  EXPECT_EQ(decision.last, 0);
  EXPECT_DOUBLE_EQ(decision.grow_value, (decision.up - 0.1) * 3600);
  EXPECT_DOUBLE_EQ(decision.shrink_value, 0.1 * 3600);
  EXPECT_EQ(decision.value(), decision.grow_value);
  EXPECT_TRUE(sizing_text(decision).starts_with("3 -> 4 slots: one more slot would save 0.")) << sizing_text(decision);
}

}  // namespace
}  // namespace genepool

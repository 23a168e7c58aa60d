// The manager as the server sees it: notices in, wishes out.
#include "manager/manager.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/hash.h"

namespace genepool {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

Identity id_of(char name) { return sha256(std::as_bytes(std::span(&name, 1))); }

class ManagerTest : public testing::Test {
 protected:
  explicit ManagerTest(const ManagerSettings& settings = {}) : settings_(settings) { make(); }
  void make() {
    settings_.memory_bytes = knobs_.hot_bytes + knobs_.warm_bytes;
    manager_ = std::make_unique<Manager>(settings_, knobs_, now_);
  }
  void tell(const Notice& notice) {
    manager_->on(notice, now_, [this](const Wish& wish) { wishes_.push_back(wish); });
  }
  GenomeSeen seen(char name) const { return {id_of(name), std::string(1, name), 10'000'000, 10'000'000}; }

  // A request and what follows from it in a pool that holds `places` genomes by LRU.
  void ask(char name, Duration after = 10s) {
    now_ += after;
    tell(RequestSeen{seen(name), 0, 0});
    if (const auto it = std::ranges::find(hot_, name); it != hot_.end()) {
      hot_.erase(it);
    } else {
      if (hot_.size() == knobs_.max_hot) leave(hot_.front());
      tell(CameIn{seen(name), Tier::kWarm, 1s, 1s});
    }
    hot_.push_back(name);
    tell(Answered{});
  }
  void leave(char name) {
    std::erase(hot_, name);
    tell(LeftHot{id_of(name)});
  }
  // The last guess comes true in the pool.
  void obey(const MakeHot& wish) {
    for (const char name : std::vector(hot_)) {
      if (wish.victim == id_of(name)) leave(name);
    }
    for (char name = 'A'; name <= 'Z'; ++name) {
      if (wish.genome != id_of(name)) continue;
      tell(CameIn{seen(name), Tier::kWarm, 1s, 1s});
      hot_.push_back(name);
    }
    tell(GuessDone{wish.command, true});
  }
  template <class W>
  [[nodiscard]] std::vector<W> all() const {
    std::vector<W> found;
    for (const Wish& wish : wishes_) {
      if (const W* one = std::get_if<W>(&wish)) found.push_back(*one);
    }
    return found;
  }

  static Knobs knobs_of_test() {
    Knobs knobs;
    knobs.max_hot = 2;
    knobs.hot_bytes = 1'000'000'000;
    knobs.warm_bytes = 1'000'000'000;
    return knobs;
  }
  ManagerSettings settings_;
  Knobs knobs_ = knobs_of_test();
  Instant now_ = 1000s;
  std::vector<char> hot_;
  std::vector<Wish> wishes_;
  std::unique_ptr<Manager> manager_;
};

SessionExpected session_of(const GenomeSeen& genome, Duration eta = 5s) { return {.ticket = 3, .genome = genome, .source = 1, .eta = eta, .ttl = 60s}; }

TEST_F(ManagerTest, a_hint_makes_its_genome_hot_in_place_of_the_least_wanted) {
  ask('A');
  ask('B');
  wishes_.clear();
  tell(session_of(seen('C')));
  ASSERT_EQ(all<HintAnswered>().size(), 1u);
  EXPECT_FALSE(all<HintAnswered>()[0].refusal);
  EXPECT_EQ(all<HintAnswered>()[0].ticket, 3u);
  ASSERT_EQ(all<MakeHot>().size(), 1u);
  EXPECT_EQ(all<MakeHot>()[0].genome, id_of('C'));
  EXPECT_EQ(all<MakeHot>()[0].victim, id_of('A'));
  EXPECT_GT(all<MakeHot>()[0].protect_until, now_ + 5s);
  ASSERT_EQ(all<Decided>().size(), 1u);
  const Decision decision = all<Decided>()[0].decision;
  EXPECT_EQ(decision.id, 1u);
  EXPECT_EQ(decision.kind, DecisionKind::kHint);
  EXPECT_EQ(decision.action, "make C HOT in place of A");
  EXPECT_EQ(decision.inputs.front().value, 1) << "it was named";
  obey(all<MakeHot>()[0]);
  ask('C', 3s);
  ASSERT_EQ(all<Realised>().size(), 1u);
  EXPECT_EQ(all<Realised>()[0].decision, 1u);
  EXPECT_EQ(all<Realised>()[0].value, 1) << "the second that its load takes";
  EXPECT_THAT(all<Realised>()[0].outcome, HasSubstr("used after 3"));
}

TEST_F(ManagerTest, a_guess_that_was_in_vain_is_told_as_a_loss) {
  ask('A');
  ask('B');
  tell(session_of(seen('C')));
  obey(all<MakeHot>().at(0));
  now_ += 60s;
  leave('C');
  ASSERT_EQ(all<Realised>().size(), 1u);
  EXPECT_EQ(all<Realised>()[0].value, -1);
  EXPECT_THAT(all<Realised>()[0].outcome, HasSubstr("unused"));
}

TEST_F(ManagerTest, one_guess_at_a_time) {
  ask('A');
  ask('B');
  tell(session_of(seen('C')));
  tell(session_of(seen('D')));
  EXPECT_EQ(all<MakeHot>().size(), 1u);
  tell(GuessDone{all<MakeHot>()[0].command, false});
  tell(Answered{});
  ASSERT_EQ(all<MakeHot>().size(), 2u);
  EXPECT_THAT(all<Realised>().at(0).outcome, HasSubstr("no room"));
}

// In a circle of three on two places the next is always known, and never there.
TEST_F(ManagerTest, a_guess_that_was_refused_is_not_made_again_at_once) {
  settings_.sizing = SizingRule::kFixed;
  make();
  for (int i = 0; i < 1000 && all<MakeHot>().empty(); ++i) ask("ABC"[i % 3], 20s);
  ASSERT_EQ(all<MakeHot>().size(), 1u);
  const MakeHot refused = all<MakeHot>()[0];
  tell(GuessDone{refused.command, false});
  wishes_.clear();
  now_ += 29s;
  tell(Answered{});
  EXPECT_TRUE(all<MakeHot>().empty());
  now_ += 2s;
  tell(Answered{});
  ASSERT_EQ(all<MakeHot>().size(), 1u);
  EXPECT_EQ(all<MakeHot>()[0].genome, refused.genome);
}

TEST_F(ManagerTest, a_hint_that_was_refused_is_tried_again_after_three_seconds) {
  ask('A');
  ask('B');
  tell(session_of(seen('C')));
  tell(GuessDone{all<MakeHot>().at(0).command, false});
  for (int i = 0; i < 5; ++i) tell(Answered{});
  EXPECT_EQ(all<MakeHot>().size(), 1u);
  now_ += 3s;
  tell(Answered{});
  EXPECT_EQ(all<MakeHot>().size(), 2u);
  EXPECT_EQ(manager_->status().guesses.issued, 1u) << "what was refused is no guess";
  EXPECT_EQ(manager_->status().guesses.wasted, 0u);
}

// Brought in by hand: it was never asked for, and is HOT all the same.
TEST_F(ManagerTest, what_comes_in_without_a_request_is_known) {
  tell(CameIn{seen('A'), Tier::kWarm, 1s, 1s});
  tell(CameIn{seen('B'), Tier::kWarm, 1s, 1s});
  tell(session_of(seen('C')));
  ASSERT_EQ(all<MakeHot>().size(), 1u);
  EXPECT_TRUE(all<MakeHot>()[0].victim);
}

TEST_F(ManagerTest, a_request_that_joins_its_guess_has_used_it) {
  ask('A');
  ask('B');
  tell(session_of(seen('C')));
  now_ += 1s;
  tell(RequestSeen{seen('C'), 0, 0});
  ASSERT_EQ(all<Realised>().size(), 1u);
  EXPECT_THAT(all<Realised>()[0].outcome, HasSubstr("used after"));
}

TEST_F(ManagerTest, brakes_never_give_places) {
  settings_.hot_places = {8, 10};
  make();
  StatusSeen status;
  status.pressure.stalls = MemoryStalls{};
  tell(status);
  for (int i = 1; i <= 10; ++i) {
    now_ += 2s;
    status.pressure.stalls->some.total_us = status.pressure.stalls->full.total_us = i * 1'000'000;
    tell(status);
  }
  EXPECT_TRUE(all<SetNumber>().empty());
  EXPECT_EQ(all<Decided>().size(), 1u) << "and a stall that lasts is told once";
}

TEST_F(ManagerTest, a_user_stands_for_the_genome_asked_for_last) {
  now_ += 1s;
  tell(RequestSeen{seen('A'), 42, 0});
  tell(CameIn{seen('A'), Tier::kWarm, 1s, 1s});
  tell(LeftHot{id_of('A')});
  wishes_.clear();
  tell(SessionExpected{.ticket = 1, .user = 42, .source = 1, .eta = 1s, .ttl = 60s});
  ASSERT_EQ(all<MakeHot>().size(), 1u);
  EXPECT_EQ(all<MakeHot>()[0].genome, id_of('A'));
  tell(SessionExpected{.ticket = 2, .user = 43, .source = 2, .eta = 1s, .ttl = 60s});
  ASSERT_TRUE(all<HintAnswered>().back().refusal);
  EXPECT_EQ(all<HintAnswered>().back().refusal->code, Code::kGenomeNotFound);
}

TEST_F(ManagerTest, in_advise_it_decides_and_does_nothing) {
  settings_.mode = ManagerMode::kAdvise;
  make();
  ask('A');
  ask('B');
  tell(session_of(seen('C')));
  EXPECT_TRUE(all<MakeHot>().empty());
  ASSERT_EQ(all<Decided>().size(), 1u);
  EXPECT_TRUE(all<Decided>()[0].decision.is_advice);
  for (int i = 0; i < 5; ++i) ask("AB"[i % 2]);
  EXPECT_EQ(all<Decided>().size(), 1u) << "said once";
}

// A, B, A, B ... with a C between: three places would save every load. By hand: the first decision after 75 requests and three
// windows of a minute.
TEST_F(ManagerTest, a_place_that_saves_more_than_its_memory_costs_is_given) {
  for (int i = 0; i < 120; ++i) {
    ask("ABC"[i % 3], 5s);
    if (i % 12 == 0) tell(StatusSeen{});
  }
  ASSERT_FALSE(all<SetNumber>().empty());
  EXPECT_EQ(all<SetNumber>()[0].name, "pool.max_hot");
  EXPECT_EQ(all<SetNumber>()[0].value, 3u);
  EXPECT_EQ(all<SetNumber>()[1].name, "warm.bytes");
  EXPECT_EQ(all<SetNumber>()[1].value, 2'000'000'000u - 3 * 10'000'000u) << "what HOT does not need";
  EXPECT_EQ(all<SetNumber>()[2].value, 197u) << "and as many pages as that is";
  const Decision decision = all<Decided>().at(0).decision;
  EXPECT_EQ(decision.kind, DecisionKind::kSize);
  EXPECT_EQ(decision.subject, "pool.max_hot");
  EXPECT_GT(decision.expected, 0);
  EXPECT_EQ(decision.alternatives.size(), 3u);
}

TEST_F(ManagerTest, a_size_that_someone_has_set_is_his) {
  settings_.may_size_hot = settings_.may_size_warm = false;
  make();
  for (int i = 0; i < 120; ++i) {
    ask("ABC"[i % 3], 5s);
    if (i % 12 == 0) tell(StatusSeen{});
  }
  EXPECT_TRUE(all<SetNumber>().empty());
}

TEST_F(ManagerTest, the_founding_rules_grow_by_their_signals_and_say_so_in_their_words) {
  settings_.sizing = SizingRule::kFounding;
  make();
  StatusSeen status;
  status.thrash_ratio = 0.9;
  status.layer_hit_rate = 0.5;
  now_ += 61s;
  tell(status);
  ASSERT_EQ(all<SetNumber>().size(), 2u);
  EXPECT_EQ(all<SetNumber>()[0].value, 3u);
  EXPECT_EQ(all<SetNumber>()[1].name, "warm.max_genomes");
  EXPECT_EQ(all<SetNumber>()[1].value, 25u);
  EXPECT_THAT(all<Said>().at(1).line, HasSubstr("Increased HOT pool size to 3"));
}

TEST_F(ManagerTest, an_out_of_memory_kill_takes_a_place_and_stops_guesses) {
  ask('A');
  ask('B');
  StatusSeen status;
  status.pressure.events = MemoryEvents{0, 0};
  tell(status);
  now_ += 2s;
  status.pressure.events->oom_kill = 1;
  tell(status);
  ASSERT_EQ(all<SetNumber>().size(), 1u);
  EXPECT_EQ(all<SetNumber>()[0].value, 1u);
  EXPECT_EQ(all<Decided>().back().decision.kind, DecisionKind::kBrake);
  tell(session_of(seen('C')));
  EXPECT_TRUE(all<MakeHot>().empty()) << "not while memory is short";
  EXPECT_FALSE(manager_->status().brake.empty());
}

TEST_F(ManagerTest, brakes_leave_alone_what_someone_has_set) {
  settings_.may_size_hot = false;
  make();
  StatusSeen status;
  status.pressure.events = MemoryEvents{0, 0};
  tell(status);
  status.pressure.events->oom_kill = 1;
  now_ += 2s;
  tell(status);
  EXPECT_TRUE(all<SetNumber>().empty());
  EXPECT_EQ(all<Decided>().back().decision.action, "no growth, no guesses");
}

// The share of time that tasks waited changes with each look: only that guesses stop, and may go on, is news.
TEST_F(ManagerTest, pressure_that_lasts_is_told_once) {
  StatusSeen status;
  status.pressure.stalls = MemoryStalls{};
  tell(status);
  for (int i = 0; i < 10; ++i) {
    now_ += 2s;
    status.pressure.stalls->some.avg10 = 6 + i;
    tell(status);
  }
  ASSERT_EQ(all<Decided>().size(), 1u);
  EXPECT_EQ(all<Decided>()[0].decision.action, "no guesses");
  status.pressure.stalls->some.avg10 = 0;
  tell(status);
  EXPECT_EQ(all<Decided>().size(), 2u);
}

// Killed and begun again: what is HOT is HOT, although no request for it was seen.
TEST_F(ManagerTest, one_that_begins_anew_is_told_who_is_hot) {
  tell(IsHot{seen('A')});
  tell(IsHot{seen('B')});
  tell(session_of(seen('A')));
  ASSERT_EQ(all<Decided>().size(), 1u);
  EXPECT_EQ(all<Decided>()[0].decision.action, "keep A HOT");
  ASSERT_EQ(all<MakeHot>().size(), 1u) << "which protects it";
  EXPECT_FALSE(all<MakeHot>()[0].victim);
  tell(session_of(seen('C')));
  ASSERT_EQ(all<MakeHot>().size(), 2u);
  EXPECT_TRUE(all<MakeHot>()[1].victim) << "no place is free";
}

TEST_F(ManagerTest, another_expert_is_news) {
  StatusSeen status;
  status.followed_hot = "lru";
  tell(status);
  EXPECT_TRUE(all<Decided>().empty()) << "the first one is where it begins";
  status.followed_hot = "mru";
  tell(status);
  ASSERT_EQ(all<Decided>().size(), 1u);
  EXPECT_EQ(all<Decided>()[0].decision.action, "HOT follows mru instead of lru");
}

TEST_F(ManagerTest, the_same_notices_give_the_same_wishes) {
  const auto run = [this] {
    wishes_.clear();
    hot_.clear();
    now_ = 1000s;
    make();
    for (int i = 0; i < 900; ++i) {
      ask(static_cast<char>('A' + i * i % 7), 3s);
      if (i % 20 == 0) tell(StatusSeen{});
    }
    std::vector<std::string> actions;
    for (const Decided& decided : all<Decided>()) actions.push_back(decided.decision.action + decided.decision.reason);
    return actions;
  };
  const std::vector<std::string> first = run();
  EXPECT_FALSE(first.empty());
  EXPECT_EQ(run(), first);
}

}  // namespace
}  // namespace genepool

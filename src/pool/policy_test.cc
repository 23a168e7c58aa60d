#include "pool/policy.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <map>

#include "pool/pool_harness.h"
#include "pool/usage_book.h"

namespace genepool {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kGolden = "ABCADABEABCDEFAABGCDABHBACIABD";

std::string rotation(int genomes, int rounds) {
  std::string all;
  for (int i = 0; i < rounds * genomes; ++i) all += static_cast<char>('A' + i % genomes);
  return all;
}

// One request per minute; every genome costs the same and needs one place.
int ghost_misses(PolicyKind kind, std::string_view requests, std::uint32_t places) {
  const auto policy = make_policy(kind, &Usage::hot, {places, places});
  UsageBook book(100, [&](const Usage& usage) { policy->forget(usage); });
  Instant now = 1h;
  std::uint64_t use = 0;
  int misses = 0;
  for (const char genome : requests) {
    Usage& usage = book.hold(test_digest('G', genome));
    usage.hot = {1, 1, true};
    book.on_request(usage, ++use, now);
    misses += policy->on_request(usage, now) ? 0 : 1;
    now += 60s;
  }
  return misses;
}

// The same requests through the pool, whose victims are the policy's.
int pool_misses(PolicyKind kind, std::string_view requests, std::uint32_t places) {
  Knobs knobs = knobs_with(places);
  knobs.hot_policy = kind;
  Harness h(knobs);
  h.script.build = {};  // a first load costs what every other one does
  int misses = 0;
  for (const char genome : requests) {
    const RequestId r = h.arrive(genome);
    h.run(60s);
    EXPECT_TRUE(h.is_ended(r));
    misses += h.tier_of(r) == Tier::kHot ? 0 : 1;
  }
  return misses;
}

struct Golden {
  PolicyKind kind;
  std::array<int, 3> misses;  // with 3, 4 and 5 places
};

// Counted by two independent implementations outside this project.
constexpr Golden kGoldenMisses[] = {
    {PolicyKind::kLru, {22, 20, 14}},      {PolicyKind::kFifo, {23, 24, 15}},     {PolicyKind::kMru, {18, 15, 13}},
    {PolicyKind::kGreedyDual, {22, 20, 14}}, {PolicyKind::kGdsf, {20, 16, 12}},   {PolicyKind::kDecay10m, {17, 16, 10}},
    {PolicyKind::kDecay1d, {17, 16, 10}},  {PolicyKind::kMarkov, {17, 15, 10}},   {PolicyKind::kTournament, {20, 16, 14}}};

TEST(Policy, misses_are_the_golden_ones) {
  for (const Golden& golden : kGoldenMisses) {
    for (std::uint32_t i = 0; i < 3; ++i) {
      SCOPED_TRACE(fmt::format("{} with {} places", policy_name(golden.kind), i + 3));
      if (golden.kind != PolicyKind::kTournament) {  // which has no cache of its own
        EXPECT_EQ(ghost_misses(golden.kind, kGolden, i + 3), golden.misses.at(i));
      }
      EXPECT_EQ(pool_misses(golden.kind, kGolden, i + 3), golden.misses.at(i)) << "the pool did not follow its policy";
    }
  }
}

// Hand-counted: the first places - 1 stay for good, everyone else shares the last place.
TEST(Policy, who_came_first_stays_under_fill_once) {
  EXPECT_EQ(pool_misses(PolicyKind::kFillOnce, rotation(10, 10), 3), 10 + 9 * 8);
  EXPECT_EQ(pool_misses(PolicyKind::kFillOnce, rotation(10, 10), 5), 10 + 9 * 6);
}

// By hand, 2 places: A, B enter; A is visited; C: the hand spares A and takes B; A hits; B: the hand spares A again, takes C.
TEST(Policy, sieve_spares_who_was_visited) { EXPECT_EQ(ghost_misses(PolicyKind::kSieve, "ABACAB", 2), 4); }

// W-TinyLFU by hand, 3 places: one in the window, two behind it. C has been asked for as often as B: it does not get in.
TEST(Policy, w_tiny_lfu_lets_nobody_in_who_is_asked_for_less) {
  EXPECT_EQ(ghost_misses(PolicyKind::kWTinyLfu, "AABBXYZAB", 3), 5) << "A and B survive the scan";
}

TEST(Policy, a_rotation_is_what_the_tournament_learns_and_lru_does_not) {
  EXPECT_EQ(pool_misses(PolicyKind::kLru, rotation(10, 10), 3), 100);
  EXPECT_EQ(pool_misses(PolicyKind::kTournament, rotation(10, 10), 3), 80);
  EXPECT_EQ(pool_misses(PolicyKind::kTournament, rotation(10, 10), 5), 60);
}

TEST(Policy, the_least_score_leaves_and_the_older_use_breaks_a_tie) {
  class Flat final : public Policy {
    void resize(const Budget&) override {}
    bool on_request(const Usage&, Instant) override { return false; }
    double score(const Usage& u, Instant) const override { return u.hot.seconds; }
    void forget(const Usage&) override {}
    PolicyStatus status() const override { return {}; }
  };
  const Usage a{.last_use = 3, .hot = {1, 0}}, b{.last_use = 2, .hot = {1, 0}}, c{.last_use = 1, .hot = {2, 0}};
  const std::vector<Candidate> all{{&a}, {&b}, {&c}};
  EXPECT_EQ(choose_victim(Flat{}, all, Instant{}), 1u);
  EXPECT_EQ(choose_victim(*make_policy(PolicyKind::kLru, &Usage::hot, {3, 3}), all, Instant{}), 2u);
  const std::vector<Candidate> brought{{&a}, {&b}, {&c, 4}};
  EXPECT_EQ(choose_victim(*make_policy(PolicyKind::kLru, &Usage::hot, {3, 3}), brought, Instant{}), 1u) << "C was brought in last";
}

// What is dear to load for the room it takes stays; which of places and bytes counts, is whichever is scarcer.
TEST(Policy, cost_and_size_count_where_they_bind) {
  const auto policy = make_policy(PolicyKind::kGreedyDual, &Usage::hot, {10, 100});
  UsageBook book(100, [&](const Usage& usage) { policy->forget(usage); });
  const auto use = [&](char name, Cost cost) -> Usage& {
    Usage& usage = book.hold(test_digest('G', name));
    usage.hot = {cost.seconds, cost.bytes, true};
    book.on_request(usage, 1, 1h);
    (void)policy->on_request(usage, 1h);
    return usage;
  };
  const Usage &big = use('A', {2, 40}), &small = use('B', {2, 20}), &dear = use('C', {3, 20}), &tiny = use('D', {1, 1}), &none = use('E', {1, 0});
  EXPECT_LT(policy->score(big, 1h), policy->score(small, 1h));
  EXPECT_LT(policy->score(small, 1h), policy->score(dear, 1h));
  EXPECT_EQ(policy->score(tiny, 1h), policy->score(none, 1h)) << "below a tenth of the bytes the place is what it takes";
}

TEST(UsageBook, the_longest_unused_is_forgotten_but_not_who_is_held) {
  std::vector<Identity> forgotten;
  UsageBook book(2, [&](const Usage& usage) { forgotten.push_back(usage.identity); });
  const auto id = [](char name) { return test_digest('G', name); };
  const Usage& a = book.hold(id('A'));
  Usage& b = book.hold(id('B'));
  book.on_request(b, 1, 1h);
  book.release(b);
  const Usage& c = book.hold(id('C'));
  EXPECT_EQ(forgotten, std::vector{id('B')}) << "A is older, but held";
  EXPECT_EQ(c.index, 1u) << "B's, used again";
  EXPECT_EQ(a.identity, id('A'));
  (void)book.hold(id('D'));
  EXPECT_EQ(book.size(), 3u) << "all are held: nothing to forget";
}

TEST(UsageBook, a_load_is_believed_to_cost_what_others_do_until_it_is_measured) {
  UsageBook book(9, [](const Usage&) {});
  Usage &a = book.hold(test_digest('G', 'A')), &b = book.hold(test_digest('G', 'B'));
  const UsageBook::Expected expected{.hot_bytes = 7, .warm_bytes = 5, .prior = 10ms};
  book.expect(a, expected);
  EXPECT_DOUBLE_EQ(a.hot.seconds, 0.01);
  EXPECT_EQ(a.hot.bytes, 7u);
  EXPECT_EQ(a.warm.bytes, 5u);
  book.on_hot(a, 2s);
  book.expect(b, expected);
  EXPECT_DOUBLE_EQ(b.hot.seconds, 2);
  EXPECT_DOUBLE_EQ(b.warm.seconds, 0.01);
  book.on_hot(a, 3s);
  EXPECT_DOUBLE_EQ(a.hot.seconds, 2.3) << "three tenths of what is new";
  book.on_hot(b, 1s);
  EXPECT_DOUBLE_EQ(b.hot.seconds, 1) << "its own, once there is one";
}

TEST(UsageBook, counts_halve_in_their_time) {
  UsageBook book(2, [](const Usage&) {});
  Usage& a = book.hold(test_digest('G', 'A'));
  book.on_request(a, 1, 1h);
  book.on_request(a, 2, 1h + 10min);
  EXPECT_DOUBLE_EQ(a.count_10m, 1.5);
  EXPECT_NEAR(a.count_1d, 1 + std::exp2(-1 / 144.0), 1e-12);
  EXPECT_EQ(a.requests, 2u);
}

}  // namespace
}  // namespace genepool

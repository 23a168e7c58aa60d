#include "pool/policy.h"

#include <gtest/gtest.h>

#include "pool/pool_harness.h"

namespace genepool {
namespace {

using namespace std::chrono_literals;

// Counted by two independent LRU implementations outside this project.
TEST(Policy, lru_misses_are_the_golden_ones) {
  for (const auto& [max_hot, misses] : {std::pair{3U, 22}, {4U, 20}, {5U, 14}}) {
    Harness h(knobs_with(max_hot));
    int found = 0;
    for (const char genome : std::string("ABCADABEABCDEFAABGCDABHBACIABD")) {
      const RequestId r = h.arrive(genome);
      h.run(60s);
      ASSERT_TRUE(h.is_ended(r));
      found += h.tier_of(r) == Tier::kHot ? 0 : 1;
    }
    EXPECT_EQ(found, misses) << "max_hot " << max_hot;
  }
}

TEST(Policy, the_least_score_leaves_and_the_older_use_breaks_a_tie) {
  class Flat final : public Policy {
    std::string_view name() const override { return "flat"; }
    void on_request(const Usage&, Instant) override {}
    double score(const Usage& u, Instant) const override { return u.load_seconds; }
  };
  const Usage a{.last_use = 3, .load_seconds = 1}, b{.last_use = 2, .load_seconds = 1}, c{.last_use = 1, .load_seconds = 2};
  const std::vector<const Usage*> all{&a, &b, &c};
  EXPECT_EQ(choose_victim(Flat{}, all, Instant{}), 1u);
  EXPECT_EQ(choose_victim(*make_lru(), all, Instant{}), 2u);
  EXPECT_EQ(make_lru()->name(), "lru");
}

}  // namespace
}  // namespace genepool

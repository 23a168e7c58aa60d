#include "manager/outcome_book.h"

#include <gtest/gtest.h>

namespace genepool {
namespace {

using namespace std::chrono_literals;
using Outcome = OutcomeBook::Outcome;

TEST(OutcomeBook, a_request_before_eviction_is_a_use) {
  OutcomeBook book;
  book.on_issued(1, 200ms);
  book.on_issued(2, 300ms);
  EXPECT_EQ(book.on_request(1, true), Outcome::kUsed);
  EXPECT_EQ(book.on_request(1, true), std::nullopt) << "used once";
  EXPECT_EQ(book.on_gone(1), std::nullopt);
  EXPECT_EQ(book.on_gone(2), Outcome::kWasted);
  const auto summary = book.summary();
  EXPECT_EQ(summary.issued, 2U);
  EXPECT_EQ(summary.used, 1U);
  EXPECT_EQ(summary.wasted, 1U);
  EXPECT_DOUBLE_EQ(summary.wasted_ms, 300);
  EXPECT_DOUBLE_EQ(summary.precision(), 0.5);
}

TEST(OutcomeBook, recall_counts_the_misses_that_nothing_preceded) {
  OutcomeBook book;
  EXPECT_EQ(book.summary().precision(), 0);
  EXPECT_EQ(book.summary().recall(), 0);
  book.on_issued(1, 200ms);
  (void)book.on_request(1, true);
  (void)book.on_request(1, true);  // HOT anyway: no miss, no use
  for (const GenomeIndex genome : {2, 3, 4}) (void)book.on_request(genome, false);
  EXPECT_DOUBLE_EQ(book.summary().recall(), 0.25);
}

TEST(OutcomeBook, a_request_that_had_to_wait_all_the_same_makes_the_load_wasted) {
  OutcomeBook book;
  book.on_issued(1, 200ms);
  EXPECT_EQ(book.on_request(1, false), Outcome::kWasted);
  EXPECT_EQ(book.summary().misses, 1U);
  EXPECT_EQ(book.summary().used, 0U);
}

TEST(OutcomeBook, loaded_again_the_first_load_was_in_vain) {
  OutcomeBook book;
  book.on_issued(1, 200ms);
  book.on_issued(1, 200ms);
  EXPECT_EQ(book.on_request(1, true), Outcome::kUsed);
  EXPECT_EQ(book.summary().wasted, 1U);
  EXPECT_EQ(book.summary().used, 1U);
}

TEST(OutcomeBook, what_was_refused_was_never_issued) {
  OutcomeBook book;
  book.on_issued(1, 200ms);
  book.on_issued(2, 200ms);
  book.on_refused(2);
  book.on_refused(2);
  EXPECT_EQ(book.on_gone(2), std::nullopt);
  EXPECT_EQ(book.on_request(1, true), Outcome::kUsed);
  EXPECT_EQ(book.summary().issued, 1U);
  EXPECT_EQ(book.summary().wasted_ms, 0);
  EXPECT_EQ(book.summary().recently_issued, 1U);
  EXPECT_EQ(book.summary().recently_used, 1U);
}

TEST(OutcomeBook, the_last_fifty_are_shown) {
  OutcomeBook book;
  book.on_issued(1'000, 1ms);
  for (GenomeIndex genome = 0; genome < 60; ++genome) {
    book.on_issued(genome, 1ms);
    if (genome % 2 == 0) (void)book.on_request(genome, true);
  }
  EXPECT_EQ(book.summary().recently_issued, 50U);
  EXPECT_EQ(book.summary().recently_used, 25U);
  EXPECT_EQ(book.on_request(1'000, true), Outcome::kUsed) << "too old to be shown, not to count";
  EXPECT_EQ(book.summary().recently_used, 25U);
  EXPECT_EQ(book.summary().used, 31U);
  EXPECT_EQ(book.on_request(11, true), Outcome::kUsed);
  EXPECT_EQ(book.summary().recently_used, 26U) << "the second oldest of the fifty";
  for (const GenomeIndex genome : {61, 62, 63}) book.on_issued(genome, 1ms);
  EXPECT_EQ(book.on_request(13, true), Outcome::kUsed);
  EXPECT_EQ(book.summary().recently_used, 24U) << "10, 11 and 12 have left, 13 is the oldest";
}

}  // namespace
}  // namespace genepool

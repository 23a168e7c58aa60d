#include "pool/thrash_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace genepool {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

TEST(ThrashText, says_the_stages_and_the_genomes) {
  ThrashCauses causes{.load_ms = 920, .stack_ms = 70, .spawn_ms = 10};
  causes.genomes = {{"captain", 12, 900}, {"cook", 1, 60}, {"boy", 1, 30}, {"rat", 1, 10}};
  EXPECT_EQ(thrash_text({.is_thrashing = true}, causes),
            "92 % of the page-ins is layer_load, 7 % layer_stack, 1 % process_spawn; most by captain (12 page-ins, 0.9 s), cook (1 page-ins, 0.06 s),"
            " boy (1 page-ins, 0.03 s); try a larger warm.bytes and warm.max_genomes, so that layers stay in RAM, or a faster disk");
}

TEST(ThrashText, the_advice_follows_the_largest_stage) {
  EXPECT_THAT(thrash_text({.is_thrashing = true, .refault_share = 0.8}, {.stack_ms = 9, .spawn_ms = 1}), HasSubstr("larger pool.max_hot"));
  EXPECT_THAT(thrash_text({.is_thrashing = true, .refault_share = 0.1}, {.stack_ms = 9, .spawn_ms = 1}), EndsWith("smaller layers a genome"));
  EXPECT_THAT(thrash_text({.is_thrashing = true}, {.stack_ms = 1, .spawn_ms = 9}), EndsWith("longer pool.idle_ttl"));
  EXPECT_EQ(thrash_text({}, {}), "");
  EXPECT_THAT(thrash_text({}, {.stack_ms = 1, .spawn_ms = 9}), testing::Not(HasSubstr("try"))) << "nothing is wrong";
}

}  // namespace
}  // namespace genepool

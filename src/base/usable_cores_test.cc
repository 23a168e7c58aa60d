#include "base/usable_cores.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <thread>

namespace genepool {
namespace {

TEST(UsableCores, a_quota_is_whole_cores_and_never_none) {
  EXPECT_EQ(cores_of_quota("200000 100000"), 2U);
  EXPECT_EQ(cores_of_quota("150000 100000\n"), 1U);
  EXPECT_EQ(cores_of_quota("50000 100000"), 1U);
  EXPECT_EQ(cores_of_quota("max 100000"), std::nullopt);
  EXPECT_EQ(cores_of_quota(""), std::nullopt);
  EXPECT_EQ(cores_of_quota("100000"), std::nullopt);
  EXPECT_EQ(cores_of_quota("100000 0"), std::nullopt);
}

TEST(UsableCores, a_thread_that_may_run_on_one_core_has_one) {
  std::thread([] {
    cpu_set_t set;
    ASSERT_EQ(::sched_getaffinity(0, sizeof set, &set), 0);
    EXPECT_LE(usable_cores(), static_cast<unsigned>(CPU_COUNT(&set)));
    int first = 0;
    while (!CPU_ISSET(first, &set)) ++first;
    CPU_ZERO(&set);
    CPU_SET(first, &set);
    ASSERT_EQ(::sched_setaffinity(0, sizeof set, &set), 0);
    EXPECT_EQ(usable_cores(), 1U);
  }).join();
}

}  // namespace
}  // namespace genepool

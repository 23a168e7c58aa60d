#include "server/last_resort.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

namespace genepool {
namespace {

// A process that hangs in its orderly end.
int status_of_hanging_child(Duration limit, int signal) {
  const pid_t child = ::fork();
  if (child == 0) {
    auto signals = Signals::take_over();
    if (!signals) ::_exit(2);
    if (signal != 0) ::kill(::getpid(), signal);
    end_anyway_after(limit, std::move(*signals));
    for (;;) ::pause();
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(LastResort, the_limit_ends_what_hangs) { EXPECT_EQ(status_of_hanging_child(std::chrono::milliseconds(20), 0), 1); }

TEST(LastResort, ctrl_c_ends_it_at_once) {
  const Instant start = monotonic_now();
  EXPECT_EQ(status_of_hanging_child(std::chrono::hours(1), SIGINT), 1);
  EXPECT_LT(monotonic_now() - start, std::chrono::minutes(1));
}

}  // namespace
}  // namespace genepool

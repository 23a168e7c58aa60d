// Runs in workers.
#include "worker/orphan_guard.h"

#include <poll.h>
#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>

namespace genepool {
namespace {

volatile sig_atomic_t g_socket = -1;

// Async-signal-safe: poll and _exit only.
void on_alarm(int /*signal*/) {
  const int saved = errno;
  pollfd poller{g_socket, 0, 0};
  if (::poll(&poller, 1, 0) == 1 && (poller.revents & POLLHUP) != 0) ::_exit(0);
  errno = saved;
}

}  // namespace

void guard_against_orphanhood(int socket) {
  g_socket = socket;
  struct sigaction action {};
  action.sa_handler = on_alarm;
  action.sa_flags = SA_RESTART;
  ::sigaction(SIGALRM, &action, nullptr);
  const itimerval every_second{{1, 0}, {1, 0}};
  ::setitimer(ITIMER_REAL, &every_second, nullptr);
}

}  // namespace genepool

#include "server/signals.h"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>

namespace genepool {

Result<Signals> Signals::take_over() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&set, number);
  if (::pthread_sigmask(SIG_BLOCK, &set, nullptr) != 0) return fail_errno("block signals", errno);
  ::signal(SIGPIPE, SIG_IGN);
  Signals signals;
  signals.fd_.reset(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals.fd_.is_open()) return fail_errno("listen for signals", errno);
  return signals;
}

std::optional<int> Signals::wait(Duration limit) {
  const Duration::rep most = std::numeric_limits<int>::max();
  pollfd poller{fd_.get(), POLLIN, 0};
  (void)::poll(&poller, 1, static_cast<int>(std::clamp<Duration::rep>(limit.count() / 1'000'000, 0, most)));
  signalfd_siginfo info{};
  if (::read(fd_.get(), &info, sizeof info) != static_cast<ssize_t>(sizeof info)) return {};
  return static_cast<int>(info.ssi_signo);
}

void Signals::ask_to_end() { ::kill(::getpid(), SIGTERM); }

}  // namespace genepool

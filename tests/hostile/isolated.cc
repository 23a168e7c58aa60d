#include "hostile/isolated.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <fstream>

namespace genepool::hostile {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kHasMemoryBound = false;
#else
constexpr bool kHasMemoryBound = true;
#endif

std::uint64_t address_space() {
  std::uint64_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  return pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

void write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(fd, text.data(), text.size());
    if (n <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
}

[[noreturn]] void run_child(int out, const std::function<Result<void>()>& call) {
  if (kHasMemoryBound) {
    const rlimit limit{address_space() + kMemoryBound, RLIM_INFINITY};
    ::setrlimit(RLIMIT_AS, &limit);
  }
  ::alarm(kTimeBoundSeconds);
  const Result<void> result = call();
  ::alarm(0);
  write_all(out, result ? "accepted" : fmt::format("{} {}", static_cast<int>(result.error().code), result.error().message));
  ::_exit(0);
}

std::string read_all(int fd) {
  std::string text;
  char chunk[4096];
  ssize_t n = 0;
  while ((n = ::read(fd, chunk, sizeof chunk)) > 0) text.append(chunk, static_cast<std::size_t>(n));
  return text;
}

}  // namespace

Isolated isolated(const std::function<Result<void>()>& call) {
  int pipe_fds[2];
  GENEPOOL_CHECK(::pipe(pipe_fds) == 0, "{}", std::strerror(errno));
  const pid_t child = ::fork();
  GENEPOOL_CHECK(child >= 0, "{}", std::strerror(errno));
  if (child == 0) run_child(pipe_fds[1], call);
  ::close(pipe_fds[1]);
  const std::string answer = read_all(pipe_fds[0]);
  ::close(pipe_fds[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  Isolated result;
  if (WIFSIGNALED(status)) {
    result.death = fmt::format("signal {}{}", WTERMSIG(status), WTERMSIG(status) == SIGALRM ? ": it took too long" : "");
  } else if (WEXITSTATUS(status) != 0) {
    result.death = fmt::format("exit {}", WEXITSTATUS(status));
  } else if (answer == "accepted") {
    result.is_accepted = true;
  } else {
    const std::size_t space = answer.find(' ');
    result.code = static_cast<Code>(std::stoi(answer.substr(0, space)));
    result.message = answer.substr(space + 1);
  }
  return result;
}

}  // namespace genepool::hostile

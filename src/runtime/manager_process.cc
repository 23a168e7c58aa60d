#include "runtime/manager_process.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "manager/notice_text.h"
#include "worker/spawn_plan.h"
#include "worker/worker_command.h"

namespace genepool {
namespace {

constexpr std::size_t kMostUnwritten = 4U << 20;
// Looked at once a second, and its sign comes just after a look: between two of them, so that the fourth look finds it, not the
// fourth or the fifth.
constexpr Duration kSilence = std::chrono::milliseconds(3500);
constexpr int kTheirChannel = 0, kOutOfTheWay = 10;

}  // namespace

ManagerProcess::ManagerProcess(Loop& loop, std::string program, Calls calls)
    : loop_(loop), program_(std::move(program)), calls_(std::move(calls)) {}

ManagerProcess::~ManagerProcess() {
  end();
  reap(0);
}

void ManagerProcess::start() {
  is_wanted_ = true;
  if (is_running() || is_given_up_) return;
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return lose(std::strerror(errno), monotonic_now());
  channel_.reset(ends[0]);
  const UniqueFd theirs(::fcntl(ends[1], F_DUPFD_CLOEXEC, kOutOfTheWay));
  ::close(ends[1]);
  ::fcntl(channel_.get(), F_SETFL, O_NONBLOCK);
  const SpawnPlan plan({{theirs.get(), kTheirChannel}}, STDERR_FILENO + 1);
  std::vector<std::string> words = {program_}, environment = worker_environment();
  const int error = ::posix_spawn(&pid_, program_.c_str(), &plan.actions, &plan.attributes, pointers_of(words).data(), pointers_of(environment).data());
  if (error != 0) {
    pid_ = 0;
    return lose("start " + program_ + ": " + std::strerror(error), monotonic_now());
  }
  watch_ = loop_.watch(channel_.get(), [this] { read(); });
  last_sign_ = monotonic_now();
  why_static_.clear();
  calls_.on_begun();
}

void ManagerProcess::stop() {
  is_wanted_ = is_given_up_ = false;
  restarts_.reset();
  why_static_.clear();
  end();
  calls_.on_end("it is off (manager.mode)");
}

void ManagerProcess::tell(const Notice& notice, Instant now) {
  if (!is_running()) return;
  if (unwritten_.size() > kMostUnwritten) return lose("it leaves what it is told unread", now);
  unwritten_ += notice_line(notice, now);
  unwritten_ += '\n';
  if (!is_writing_) write();
}

void ManagerProcess::write() {
  is_writing_ = false;
  std::size_t begin = 0;
  while (begin < unwritten_.size()) {
    const ssize_t written = ::send(channel_.get(), unwritten_.data() + begin, unwritten_.size() - begin, MSG_NOSIGNAL);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) break;  // it is slow, or gone: the watch will say
    begin += static_cast<std::size_t>(written);
  }
  unwritten_.erase(0, begin);
  if (unwritten_.empty() || !watch_) return;
  is_writing_ = true;
  loop_.when_writable(*watch_, [this] {
    if (is_running()) write();
  });
}

void ManagerProcess::read() {
  char buffer[65536];
  while (is_running()) {
    const ssize_t got = ::recv(channel_.get(), buffer, sizeof buffer, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
    if (got <= 0) return lose("it has ended", monotonic_now());
    unread_.append(buffer, static_cast<std::size_t>(got));
    std::size_t begin = 0;
    for (std::size_t end = unread_.find('\n'); end != std::string::npos; end = unread_.find('\n', begin)) {
      const std::string line = unread_.substr(begin, end - begin);
      begin = end + 1;
      take(line);
      if (!is_running()) return;
    }
    unread_.erase(0, begin);
  }
}

void ManagerProcess::take(std::string_view line) {
  const Result<Wish> wish = parse_wish(line);
  if (!wish) return lose("it says what nobody understands: " + wish.error().message, monotonic_now());
  last_sign_ = monotonic_now();
  calls_.on_wish(*wish);
}

// One that Linux holds in the middle of a read ends when it is let go: the loop does not wait for that.
void ManagerProcess::reap(int how) {
  std::erase_if(killed_, [how](std::int32_t pid) {
    pid_t gone = 0;
    do {
      gone = ::waitpid(pid, nullptr, how);
    } while (gone < 0 && errno == EINTR);
    return gone != 0;
  });
}

void ManagerProcess::check(Instant now) {
  reap(WNOHANG);
  if (!is_wanted_ || is_given_up_) return;
  if (!is_running()) return start();
  if (now - last_sign_ > kSilence) lose(fmt::format("no sign of life for {:.1f} s", to_ms(now - last_sign_) / 1e3), now);
}

// The next check() begins it again, unless that has happened too often.
void ManagerProcess::lose(const std::string& why, Instant now) {
  end();
  is_given_up_ = !restarts_.spend(now);
  why_static_ = why + (is_given_up_ ? "; given up until manager.mode is off and on again" : "");
  calls_.on_end(why_static_);
}

void ManagerProcess::end() {
  if (watch_) loop_.unwatch(*watch_);
  watch_.reset();
  channel_.reset();
  unread_.clear();
  unwritten_.clear();
  is_writing_ = false;
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  killed_.push_back(pid_);
  pid_ = 0;
}

}  // namespace genepool

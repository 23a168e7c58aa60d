// genepool-manager: the manager in a process of its own, so that whatever happens to it the server serves. Notices come as lines
// on descriptor 0, wishes go back the same way; it ends when the server closes it. Nothing else is opened but what Linux tells
// of memory pressure, which it looks up itself: that reading is none of the server's strand.
#include <fmt/core.h>
#include <poll.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string>

#include "base/memory_pressure.h"
#include "manager/manager.h"
#include "manager/notice_text.h"

namespace genepool {
namespace {

constexpr int kChannel = 0;
constexpr int kHeartbeatMs = 1000;

bool write_all(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(kChannel, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

class Process {
 public:
  // False: the server is gone, or says what this program does not understand.
  bool take(std::string_view line) {
    Result<std::pair<Notice, Instant>> notice = parse_notice(line);
    if (!notice) {
      fmt::print(stderr, "genepool-manager: {}\n", notice.error().message);
      return false;
    }
    const Instant now = notice->second;
    if (auto* status = std::get_if<StatusSeen>(&notice->first)) status->pressure = read_memory_pressure();
    if (const auto* settings = std::get_if<SettingsSeen>(&notice->first); settings != nullptr && manager_ == nullptr) {
      manager_ = std::make_unique<Manager>(settings->manager, settings->pool, settings->first_decision, now);
      return true;
    }
    if (manager_ == nullptr) return false;
    manager_->on(notice->first, now, [this](const Wish& wish) { said_ += wish_line(wish) + "\n"; });
    return flush();
  }
  bool beat() {
    if (manager_ == nullptr) return true;
    said_ += wish_line(Alive{manager_->status()}) + "\n";
    return flush();
  }

 private:
  bool flush() { return write_all(std::exchange(said_, {})); }

  std::unique_ptr<Manager> manager_;
  std::string said_;
};

int run() {
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  Process process;
  std::string unread;
  Instant next_beat = monotonic_now();
  while (true) {
    if (monotonic_now() >= next_beat) {
      if (!process.beat()) return 0;
      next_beat = monotonic_now() + std::chrono::milliseconds(kHeartbeatMs);
    }
    pollfd channel{kChannel, POLLIN, 0};
    const auto wait = std::chrono::duration_cast<std::chrono::milliseconds>(next_beat - monotonic_now()).count();
    if (::poll(&channel, 1, static_cast<int>(std::max<std::int64_t>(wait, 0))) <= 0) continue;
    char buffer[65536];
    const ssize_t got = ::read(kChannel, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return 0;
    unread.append(buffer, static_cast<std::size_t>(got));
    std::size_t begin = 0;
    for (std::size_t end = unread.find('\n'); end != std::string::npos; end = unread.find('\n', begin)) {
      if (!process.take(std::string_view(unread).substr(begin, end - begin))) return 1;
      begin = end + 1;
    }
    unread.erase(0, begin);
  }
}

}  // namespace
}  // namespace genepool

int main() { return genepool::run(); }

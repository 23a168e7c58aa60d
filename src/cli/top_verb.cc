// `top`: the pool as it is, second by second, in plain ANSI. q or Ctrl-C ends it.
#include <fmt/core.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <csignal>
#include <deque>
#include <thread>

#include "cli/connection.h"
#include "cli/terminal.h"
#include "cli/top_view.h"
#include "cli/verbs.h"

namespace genepool::cli {
namespace {

constexpr std::size_t kEvents = 200;
constexpr std::string_view kEnter = "\033[?1049h\033[?25l";  // the other screen, no cursor
constexpr std::string_view kLeave = "\033[?25h\033[?1049l";

termios keyboard_before{};
bool has_keyboard = false;

// Also from a signal.
void give_terminal_back() {
  if (has_keyboard) ::tcsetattr(STDIN_FILENO, TCSANOW, &keyboard_before);
  [[maybe_unused]] const ssize_t written = ::write(STDOUT_FILENO, kLeave.data(), kLeave.size());
}

extern "C" void leave_screen(int) {
  give_terminal_back();
  ::_exit(0);
}

// Each key as it is pressed, unseen. Its thread goes with the process: nothing wakes it but a key.
void watch_keyboard() {
  if (::tcgetattr(STDIN_FILENO, &keyboard_before) != 0) return;  // no terminal: Ctrl-C is left
  has_keyboard = true;
  termios raw = keyboard_before;
  raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
  ::tcsetattr(STDIN_FILENO, TCSANOW, &raw);
  std::thread([] {
    char key = 0;
    while (::read(STDIN_FILENO, &key, 1) == 1) {
      if (key == 'q' || key == 'Q') leave_screen(0);
    }
  }).detach();
}

ScreenSize screen_size() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0) return {};
  return {size.ws_row - std::size_t{1}, size.ws_col};
}

// What a full screen needs around it; nothing where the output is no terminal.
class Screen {
 public:
  explicit Screen(bool is_full) : is_full_(is_full) {
    if (!is_full_) return;
    std::signal(SIGINT, leave_screen);
    std::signal(SIGTERM, leave_screen);
    watch_keyboard();
    print(kEnter);
  }
  ~Screen() {
    if (is_full_) give_terminal_back();
  }
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;
  // Line by line, each cleared to its end: a screen that is cleared as a whole flickers.
  void show(const std::string& text) const {
    std::string out = is_full_ ? "\033[H" : "";
    for (const char c : text) out += c == '\n' && is_full_ ? std::string("\033[K\n") : std::string(1, c);
    print(out + (is_full_ ? "\033[J" : ""));
    std::fflush(stdout);
  }

 private:
  bool is_full_;
};

class EventReader {
 public:
  EventReader(const Invocation& invocation, bool is_full)
      : is_json_(invocation.has("--json")), is_once_(invocation.has("--once") || (!is_full && !is_json_)), screen_(is_full && !is_json_),
        colours_(colours_for(invocation)) {}

  // One line of the stream; false: enough.
  bool take(std::string_view line) {
    if (line.starts_with("event: ")) type_ = line.substr(7);
    if (!line.starts_with("data: ")) return true;
    line.remove_prefix(6);
    if (is_json_) {
      print(fmt::format("{{\"event\":\"{}\",\"data\":{}}}\n", type_, line));
      std::fflush(stdout);
      return std::ferror(stdout) == 0 && !(is_once_ && type_ == "status");
    }
    const Result<void> taken = type_ == "status" ? show(line) : note(line);
    if (!taken) error_ = taken.error();
    return taken && std::ferror(stdout) == 0 && !(is_once_ && type_ == "status");
  }
  [[nodiscard]] const std::optional<Error>& error() const { return error_; }
  [[nodiscard]] bool is_once() const { return is_once_; }

 private:
  Result<void> show(std::string_view data) {
    GENEPOOL_TRY(const StatusInfo status, parse_status(data));
    screen_.show(top_text(status, {events_.begin(), events_.end()}, is_once_ ? ScreenSize{1000, 1000} : screen_size(), colours_));
    return {};
  }
  Result<void> note(std::string_view data) {
    GENEPOOL_TRY(events_.emplace_back(), event_line(type_, data));
    if (events_.size() > kEvents) events_.pop_front();
    return {};
  }

  const bool is_json_, is_once_;
  const Screen screen_;
  const Colours colours_;
  std::string type_;
  std::deque<std::string> events_;
  std::optional<Error> error_;
};

}  // namespace

Result<int> verb_top(const Invocation& invocation) {
  GENEPOOL_TRY(const auto server, connect_to_server(invocation));
  GENEPOOL_TRY_VOID(server->get("/health").map([](const std::string&) {}));  // an error before the screen is taken
  EventReader reader(invocation, ::isatty(STDOUT_FILENO) == 1 && !invocation.has("--once"));
  GENEPOOL_TRY_VOID(server->stream("GET", "/api/events", "", [&](std::string_view line) { return reader.take(line); }));
  if (reader.error()) return tl::unexpected(*reader.error());
  if (reader.is_once()) return 0;
  return fail(Code::kUnreachable, "the server has gone");
}

}  // namespace genepool::cli

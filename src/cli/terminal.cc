#include "cli/terminal.h"

#include <fmt/core.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace genepool::cli {
namespace {

bool is_smart(int fd) {
  const char* term = std::getenv("TERM");
  return ::isatty(fd) == 1 && !(term != nullptr && std::string_view(term) == "dumb");
}

}  // namespace

Colours colours_for(const Invocation& invocation) {
  const char* no_colour = std::getenv("NO_COLOR");
  const bool is_refused = invocation.has("--no-color") || (no_colour != nullptr && *no_colour != '\0');
  return !is_refused && is_smart(STDOUT_FILENO) ? Colours::kColoured : Colours::kPlain;
}

void print(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); }
void print_note(std::string_view text) { fmt::print(stderr, "genepool: {}\n", text); }

StatusLine::StatusLine() : is_terminal_(is_smart(STDERR_FILENO)) {}
StatusLine::~StatusLine() { clear(); }

void StatusLine::show(std::string_view text) {
  if (!is_terminal_) return;
  const std::lock_guard lock(mutex_);
  fmt::print(stderr, "\r\033[K{}", text);
  std::fflush(stderr);
  is_shown_ = true;
}

void StatusLine::clear() {
  const std::lock_guard lock(mutex_);
  if (!is_shown_) return;
  fmt::print(stderr, "\r\033[K");
  std::fflush(stderr);
  is_shown_ = false;
}

}  // namespace genepool::cli

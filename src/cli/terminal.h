// What there is to write to: colours, and the one status line on stderr that is shown only to a person.
// Thread: one at a time, but for StatusLine. Not here: text itself (table.h).
#pragma once

#include <mutex>
#include <string>
#include <string_view>

#include "cli/invocation.h"
#include "cli/table.h"

namespace genepool::cli {

// Colours for stdout: a terminal, and neither --no-color nor NO_COLOR nor TERM=dumb.
[[nodiscard]] Colours colours_for(const Invocation& invocation);

void print(std::string_view text);  // to stdout, as it is
void print_note(std::string_view text);  // a line to stderr: what a person should know and a script need not

// One line on stderr that is replaced by the next and gone at the end. Silent when stderr is no terminal. Thread: any.
class StatusLine {
 public:
  StatusLine();
  ~StatusLine();
  StatusLine(const StatusLine&) = delete;
  StatusLine& operator=(const StatusLine&) = delete;

  void show(std::string_view text);
  void clear();

 private:
  bool is_terminal_ = false;
  std::mutex mutex_;
  bool is_shown_ = false;  // under mutex_
};

}  // namespace genepool::cli

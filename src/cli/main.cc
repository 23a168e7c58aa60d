#include <csignal>
#include <string>
#include <vector>

#include "cli/verbs.h"

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a server that goes away, or `genepool ps | head`, is an error of the write
  return genepool::cli::run_command_line({argv + 1, argv + argc});
}

#include "cli/interrupt.h"

#include <csignal>

namespace genepool::cli {
namespace {

volatile std::sig_atomic_t is_interrupted = 0;

extern "C" void ask_to_end(int number) {
  is_interrupted = 1;
  std::signal(number, SIG_DFL);
}

}  // namespace

InterruptRequest::InterruptRequest() {
  is_interrupted = 0;
  std::signal(SIGINT, ask_to_end);
  std::signal(SIGTERM, ask_to_end);
}

InterruptRequest::~InterruptRequest() {
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
}

bool InterruptRequest::is_asked() const { return is_interrupted != 0; }

}  // namespace genepool::cli

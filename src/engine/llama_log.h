// Where llama.cpp's messages go: warnings and errors into our log, the rest nowhere. Thread: the process's only one.
#pragma once

#include <string>

namespace genepool {

void install_llama_log();

// The first error line of llama.cpp since the last call, for our own messages; "" when there was none.
[[nodiscard]] std::string take_llama_error();

// While one lives nothing is logged, errors are only remembered: a decode that is aborted or finds the KV full is
// normal for us, and llama.cpp writes up to four lines about each.
class LlamaLogPause {
 public:
  LlamaLogPause();
  ~LlamaLogPause();
  LlamaLogPause(const LlamaLogPause&) = delete;
  LlamaLogPause& operator=(const LlamaLogPause&) = delete;
};

}  // namespace genepool

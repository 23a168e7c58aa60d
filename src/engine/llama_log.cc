#include "engine/llama_log.h"

#include <llama.h>

#include <string_view>
#include <utility>

#include "base/log.h"

namespace genepool {
namespace {

struct LogState {
  std::string first_error;  // llama.cpp names the cause first and then each function it passes through
  int pauses = 0;
};
LogState& state() {
  static LogState the_state;
  return the_state;
}

void on_message(ggml_log_level level, const char* text, void* /*user*/) {
  if (level != GGML_LOG_LEVEL_WARN && level != GGML_LOG_LEVEL_ERROR) return;
  std::string_view line(text);
  while (!line.empty() && line.back() == '\n') line.remove_suffix(1);
  if (level == GGML_LOG_LEVEL_ERROR && state().first_error.empty()) state().first_error = line;
  if (state().pauses > 0) return;
  log(level == GGML_LOG_LEVEL_ERROR ? Level::kError : Level::kWarn, "llama.cpp", {{"says", std::string(line)}});
}

}  // namespace

void install_llama_log() { llama_log_set(on_message, nullptr); }

std::string take_llama_error() { return std::exchange(state().first_error, {}); }

LlamaLogPause::LlamaLogPause() { ++state().pauses; }
LlamaLogPause::~LlamaLogPause() { --state().pauses; }

}  // namespace genepool

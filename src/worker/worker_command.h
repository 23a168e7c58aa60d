// The command line and the environment that genepool-worker is started with. Thread: any.
#pragma once

#include <fmt/core.h>

#include <string>
#include <type_traits>
#include <vector>

namespace genepool {

// Ours, with what the engine needs set before its first malloc: huge pages (fork copies the page tables of the weights, 13 ms
// per GB with 4 KiB pages), and no backtraces (a failed assertion of ggml would fork a debugger onto the process).
[[nodiscard]] std::vector<std::string> worker_environment();

// For exec: ends with a null; points into `words`.
[[nodiscard]] std::vector<char*> pointers_of(std::vector<std::string>& words);

// A table of flags as words: what the program's FlagReader reads.
class FlagWriter {
 public:
  template <class T>
  void operator()(const char* name, const T& value, const char* /*help*/) {
    if constexpr (std::is_same_v<T, bool>) {
      if (value) words.emplace_back(name);
    } else {
      words.insert(words.end(), {name, fmt::format("{}", value)});
    }
  }
  std::vector<std::string> words;
};

}  // namespace genepool

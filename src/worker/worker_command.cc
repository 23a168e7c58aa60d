#include "worker/worker_command.h"

#include <unistd.h>

#include <string_view>

namespace genepool {
namespace {

constexpr std::string_view kTunables = "GLIBC_TUNABLES";
constexpr std::string_view kHugePages = "glibc.malloc.hugetlb=1";
constexpr std::string_view kNoBacktrace = "GGML_NO_BACKTRACE=1";

}  // namespace

std::vector<std::string> worker_environment() {
  std::vector<std::string> variables;
  std::string tunables(kHugePages);
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view variable(*entry);
    const std::string_view name = variable.substr(0, variable.find('='));
    if (name == kTunables) {
      tunables = fmt::format("{}:{}", variable.substr(name.size() + 1), kHugePages);
    } else if (name != kNoBacktrace.substr(0, kNoBacktrace.find('='))) {
      variables.emplace_back(variable);
    }
  }
  variables.push_back(fmt::format("{}={}", kTunables, tunables));
  variables.emplace_back(kNoBacktrace);
  return variables;
}

std::vector<char*> pointers_of(std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace genepool

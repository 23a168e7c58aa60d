#include "runtime/process_memory.h"

#include <fmt/core.h>

#include <fstream>
#include <sstream>
#include <string>

namespace genepool {
namespace {

// "Pss:      123 kB" lines of /proc files: adds the value to `total` when the line has that key.
void add_kilobytes(const std::string& line, std::string_view key, std::uint64_t& total) {
  if (line.rfind(key, 0) != 0) return;
  std::istringstream rest(line.substr(key.size()));
  std::uint64_t kilobytes = 0;
  rest >> kilobytes;
  total += kilobytes * 1024;
}

}  // namespace

ProcessMemory memory_of_process(int pid) {
  ProcessMemory memory;
  std::ifstream file(fmt::format("/proc/{}/smaps_rollup", pid));
  for (std::string line; std::getline(file, line);) {
    add_kilobytes(line, "Pss:", memory.pss_bytes);
    add_kilobytes(line, "Private_Clean:", memory.private_bytes);
    add_kilobytes(line, "Private_Dirty:", memory.private_bytes);
  }
  return memory;
}

}  // namespace genepool

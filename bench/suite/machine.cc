#include "suite/machine.h"

#include <fmt/chrono.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cstdlib>
#include <ctime>
#include <fstream>
#include <thread>

namespace genepool::bench {
namespace {

// The text after the colon of the first line of a /proc file that starts with `key`; "" when there is none.
std::string field_of(const char* file, std::string_view key) {
  std::ifstream lines(file);
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind(key, 0) != 0) continue;
    const std::size_t start = line.find_first_not_of(" \t", line.find(':') + 1);
    return start == std::string::npos ? "" : line.substr(start);
  }
  return "";
}

std::string first_words(const char* file, int count) {
  std::ifstream words(file);
  std::string text;
  for (std::string word; count-- > 0 && words >> word;) text += (text.empty() ? "" : " ") + word;
  return text;
}

}  // namespace

Machine this_machine() {
  Machine machine;
  machine.cpu = field_of("/proc/cpuinfo", "model name");
  machine.cores = std::thread::hardware_concurrency();
  machine.memory_bytes = static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  utsname names{};
  if (::uname(&names) == 0) machine.kernel = fmt::format("{} {} {}", names.sysname, names.release, names.machine);
  machine.load_average = first_words("/proc/loadavg", 3);
  if (double loads[1]; ::getloadavg(loads, 1) == 1) machine.load = loads[0];
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  machine.started = fmt::format("{:%Y-%m-%d %H:%M:%S}", *::localtime_r(&now, &local));
  return machine;
}

}  // namespace genepool::bench

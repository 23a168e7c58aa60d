#include "client/process_family.h"

#include <fmt/core.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>

namespace genepool::bench {
namespace {

namespace fs = std::filesystem;

// /proc/PID/stat: "pid (name) state parent ... utime stime cutime cstime"; the name may hold anything but ends at the last ")".
std::optional<FamilyMember> member(pid_t pid) {
  std::ifstream file(fmt::format("/proc/{}/stat", pid));
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  const std::size_t open = line.find('('), close = line.rfind(')');
  if (open == std::string::npos || close == std::string::npos) return std::nullopt;
  FamilyMember found{.pid = pid, .name = line.substr(open + 1, close - open - 1)};
  std::istringstream rest(line.substr(close + 1));
  char state = 0;
  rest >> state >> found.parent;
  found.is_zombie = state == 'Z';
  std::string skipped;
  for (int field = 5; field < 14; ++field) rest >> skipped;
  for (int field = 14; field < 18; ++field) {
    double ticks = 0;
    rest >> ticks;
    found.cpu_seconds += ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
  }
  return found;
}

void add_family(pid_t pid, std::vector<FamilyMember>& family) {
  const auto found = member(pid);
  if (!found) return;
  family.push_back(*found);
  for (const pid_t child : children_of(pid)) add_family(child, family);
}

std::size_t open_descriptors(pid_t pid) {
  std::error_code ignored;
  const fs::directory_iterator all(fmt::format("/proc/{}/fd", pid), ignored);
  return ignored ? 0 : static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

}  // namespace

// Each thread of a process may have started some.
std::vector<pid_t> children_of(pid_t pid) {
  std::vector<pid_t> children;
  std::error_code ignored;
  for (const auto& thread : fs::directory_iterator(fmt::format("/proc/{}/task", pid), ignored)) {
    std::ifstream file(thread.path() / "children");
    children.insert(children.end(), std::istream_iterator<pid_t>(file), {});
  }
  return children;
}

std::vector<FamilyMember> family_of(pid_t pid) {
  std::vector<FamilyMember> family;
  add_family(pid, family);
  return family;
}

Census census_of(pid_t pid) {
  Census census;
  for (const FamilyMember& one : family_of(pid)) {
    ++census.processes;
    if (one.is_zombie) ++census.zombies;
    census.descriptors += open_descriptors(one.pid);
    census.cpu_seconds += one.cpu_seconds;
  }
  return census;
}

bool is_gone(pid_t pid) {
  const auto found = member(pid);
  return !found || found->is_zombie;
}

}  // namespace genepool::bench

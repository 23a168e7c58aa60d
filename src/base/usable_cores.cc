#include "base/usable_cores.h"

#include <sched.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>

#include "base/cgroup.h"

namespace genepool {
namespace {

unsigned cores_of_affinity() {
  cpu_set_t set;
  if (::sched_getaffinity(0, sizeof set, &set) != 0) return std::thread::hardware_concurrency();  // more cores than a cpu_set_t has
  return static_cast<unsigned>(CPU_COUNT(&set));
}

}  // namespace

std::optional<unsigned> cores_of_quota(std::string_view cpu_max) {
  std::istringstream text{std::string(cpu_max)};
  unsigned long quota = 0;
  unsigned long period = 0;
  if (!(text >> quota >> period) || period == 0) return std::nullopt;  // "max 100000": none
  return static_cast<unsigned>(std::max(1UL, quota / period));
}

unsigned usable_cores() {
  unsigned cores = cores_of_affinity();
  // A group's quota holds for all groups below it.
  for (const std::filesystem::path& group : own_cgroups()) {
    std::ifstream file(group / "cpu.max");
    if (std::string line; std::getline(file, line)) cores = std::min(cores, cores_of_quota(line).value_or(cores));
  }
  return std::max(1U, cores);
}

}  // namespace genepool

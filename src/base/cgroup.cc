#include "base/cgroup.h"

#include <fstream>
#include <optional>
#include <string>
#include <system_error>

namespace genepool {
namespace {

// Below where cgroup v2 is mounted, "0::/user.slice" in the list of a process's groups.
std::optional<std::filesystem::path> path_in_hierarchy(const std::filesystem::path& root) {
  std::ifstream file(root / "proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("0::")) return std::filesystem::path(line.substr(3)).relative_path();
  }
  return std::nullopt;
}

}  // namespace

std::vector<std::filesystem::path> own_cgroups(const std::filesystem::path& root) {
  const auto path = path_in_hierarchy(root);
  const std::filesystem::path mount = root / "sys/fs/cgroup";
  std::error_code ignored;
  // With cgroup v1 mounted there, or both side by side, this file is not at this place.
  if (!path || !std::filesystem::exists(mount / "cgroup.controllers", ignored)) return {};
  std::vector<std::filesystem::path> groups;
  for (std::filesystem::path below = *path; !below.empty(); below = below.parent_path()) groups.push_back(mount / below);
  groups.push_back(mount);
  return groups;
}

}  // namespace genepool

// The control groups (cgroup v2) whose limits hold for this process: its own and all above it. Groups of cgroup v1 are not seen.
// Source: Documentation/admin-guide/cgroup-v2.rst of Linux. Thread: any; reads /proc.
#pragma once

#include <filesystem>
#include <vector>

namespace genepool {

// Their folders, the process's own group first, the mount of cgroup v2 last; empty when this process is in none.
// `root` stands for "/", so that tests can bring files of their own.
[[nodiscard]] std::vector<std::filesystem::path> own_cgroups(const std::filesystem::path& root = "/");

}  // namespace genepool

// How many cores this process may compute on: those of its affinity (taskset, a container's cpuset), and no more than its
// cgroup's quota lets run at once. With a thread more than that the engine's threads wait for each other by spinning.
// Sources: sched_setaffinity(2); cpu.max in Documentation/admin-guide/cgroup-v2.rst of Linux. A quota of cgroup v1 is not seen.
#pragma once

#include <optional>
#include <string_view>

namespace genepool {

// At least 1. Of the calling thread; reads /proc and /sys.
[[nodiscard]] unsigned usable_cores();

// The text of cpu.max, "150000 100000", as whole cores: 1, never 0. Nothing: there is no quota, or it is no such text.
[[nodiscard]] std::optional<unsigned> cores_of_quota(std::string_view cpu_max);

}  // namespace genepool

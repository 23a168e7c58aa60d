// MemoryPressure: what Linux tells of how short memory is, read when asked. A source that is absent leaves its field empty and a
// reason in `missing`: the manager's brakes then go by free memory alone, and say so.
//   stalls     memory.pressure of this process's cgroup (v2), else /proc/pressure/memory (kernel built with PSI)
//   events     memory.events of this process's cgroup: its workers' too, they are in it or below it. Limits of groups above it
//              show in `available_bytes`
//   available  the least of MemAvailable and, for each group, what is left below memory.high and memory.max when the file
//              pages that it would drop first (inactive_file) do not count as used
// Sources: Documentation/accounting/psi.rst and admin-guide/cgroup-v2.rst of Linux.
// Thread: any; blocks below a millisecond.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace genepool {

struct MemoryStall {
  double avg10 = 0;            // % of the last 10 s
  std::uint64_t total_us = 0;  // since the group began; only differences mean something
};
struct MemoryStalls {
  MemoryStall some, full;  // at least one task waited for memory; all of them did
};
struct MemoryEvents {
  // Counts since the group began. Not `max`: a group whose page cache fills its limit counts there all the time.
  std::uint64_t high = 0, oom_kill = 0;
};

struct MemoryPressure {
  std::optional<MemoryStalls> stalls;
  std::optional<MemoryEvents> events;
  std::optional<std::uint64_t> available_bytes;
  std::string missing;  // which sources are absent and why; empty = none
};

// `root` stands for "/", so that tests can bring files of their own.
[[nodiscard]] MemoryPressure read_memory_pressure(const std::filesystem::path& root = "/");

// MemAvailable of this machine, 0 when unknown.
[[nodiscard]] std::uint64_t available_memory(const std::filesystem::path& root = "/");

}  // namespace genepool

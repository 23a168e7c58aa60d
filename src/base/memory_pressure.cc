#include "base/memory_pressure.h"

#include <fmt/core.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string_view>
#include <vector>

#include "base/cgroup.h"

namespace genepool {
namespace {

namespace fs = std::filesystem;

// Nothing: errno says why; a file that opens and cannot be read (PSI is compiled in but switched off) has it from the read.
std::optional<std::string> text_of(const fs::path& path) {
  errno = 0;
  std::ifstream file(path);
  std::string text;
  for (std::string line; std::getline(file, line);) text += line + '\n';
  if (text.empty()) return std::nullopt;
  return text;
}

// The number after `key` at the begin of a line: "oom_kill 3", "MemAvailable:  123 kB".
std::optional<std::uint64_t> number_after(const std::string& text, std::string_view key) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(key) || line.size() == key.size() || line[key.size()] != ' ') continue;
    std::istringstream rest(line.substr(key.size()));
    if (std::uint64_t number = 0; rest >> number) return number;
  }
  return std::nullopt;
}

// "some avg10=0.12 avg60=0.00 avg300=0.00 total=12345"
std::optional<MemoryStall> stall_of(const std::string& text, std::string_view kind) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(kind)) continue;
    std::istringstream words(line);
    MemoryStall stall;
    bool has_total = false;
    for (std::string word; words >> word;) {
      if (word.starts_with("avg10=")) std::istringstream(word.substr(6)) >> stall.avg10;
      if (word.starts_with("total=")) has_total = static_cast<bool>(std::istringstream(word.substr(6)) >> stall.total_us);
    }
    if (has_total) return stall;
  }
  return std::nullopt;
}

std::optional<MemoryStalls> stalls_in(const fs::path& path) {
  const auto text = text_of(path);
  if (!text) return std::nullopt;
  const auto some = stall_of(*text, "some");
  const auto full = stall_of(*text, "full");
  if (!some || !full) return std::nullopt;
  return MemoryStalls{*some, *full};
}

std::optional<MemoryEvents> events_in(const fs::path& path) {
  const auto text = text_of(path);
  if (!text) return std::nullopt;
  const auto high = number_after(*text, "high");
  const auto oom_kill = number_after(*text, "oom_kill");
  if (!high || !oom_kill) return std::nullopt;
  return MemoryEvents{*high, *oom_kill};
}

// What the group may still take; nothing when it has no limit.
std::optional<std::uint64_t> room_in(const fs::path& group) {
  std::optional<std::uint64_t> limit;
  for (const char* name : {"memory.high", "memory.max"}) {
    std::ifstream file(group / name);
    if (std::uint64_t bytes = 0; file >> bytes) limit = std::min(limit.value_or(bytes), bytes);  // "max" is no number: none
  }
  std::ifstream file(group / "memory.current");
  std::uint64_t used = 0;
  if (!limit || !(file >> used)) return std::nullopt;
  if (const auto stat = text_of(group / "memory.stat")) used -= std::min(used, number_after(*stat, "inactive_file").value_or(0));
  return *limit - std::min(*limit, used);
}

void miss(MemoryPressure& pressure, const fs::path& path, std::string_view why) {
  if (!pressure.missing.empty()) pressure.missing += "; ";
  pressure.missing += fmt::format("{}: {}", path.string(), why);
}

std::string_view why_unread() { return errno == 0 ? "not in the form that Linux documents" : std::strerror(errno); }

void read_stalls(const fs::path& root, const std::vector<fs::path>& groups, MemoryPressure& pressure) {
  if (!groups.empty()) pressure.stalls = stalls_in(groups.front() / "memory.pressure");
  if (pressure.stalls) return;
  const fs::path of_machine = root / "proc/pressure/memory";
  pressure.stalls = stalls_in(of_machine);
  if (!pressure.stalls) miss(pressure, of_machine, why_unread());
}

void read_events(const std::vector<fs::path>& groups, MemoryPressure& pressure) {
  if (groups.empty()) return miss(pressure, "memory.events", "this process is in no cgroup v2");
  const fs::path of_group = groups.front() / "memory.events";
  pressure.events = events_in(of_group);
  if (!pressure.events) miss(pressure, of_group, why_unread());
}

}  // namespace

std::uint64_t available_memory(const fs::path& root) {
  const auto text = text_of(root / "proc/meminfo");
  return text ? number_after(*text, "MemAvailable:").value_or(0) * 1024 : 0;
}

MemoryPressure read_memory_pressure(const fs::path& root) {
  MemoryPressure pressure;
  const std::vector<fs::path> groups = own_cgroups(root);
  read_stalls(root, groups, pressure);
  read_events(groups, pressure);
  if (const std::uint64_t bytes = available_memory(root); bytes > 0) pressure.available_bytes = bytes;
  for (const fs::path& group : groups) {
    if (const auto room = room_in(group)) pressure.available_bytes = std::min(pressure.available_bytes.value_or(*room), *room);
  }
  if (!pressure.available_bytes) miss(pressure, root / "proc/meminfo", "no MemAvailable");
  return pressure;
}

}  // namespace genepool

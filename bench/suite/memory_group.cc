#include "suite/memory_group.h"

#include <fmt/core.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "base/cgroup.h"
#include "base/clock.h"

namespace genepool::bench {
namespace {

namespace fs = std::filesystem;

constexpr int kRemovals = 200;  // tries, 10 ms apart: the last process may still be on its way out
constexpr const char* kMountOfV1 = "/sys/fs/cgroup/memory";

// The number after "key " in a file of such lines.
std::uint64_t number_in(const fs::path& path, const std::string& key) {
  std::ifstream file(path);
  std::string word;
  std::uint64_t number = 0;
  while (file >> word) {
    if (word == key && file >> number) return number;
  }
  return 0;
}

bool write_number(const fs::path& path, std::uint64_t number) {
  std::ofstream file(path);
  file << number << std::flush;
  return static_cast<bool>(file);
}

std::string name_here() { return fmt::format("genepool-bench-{}", ::getpid()); }

// "" = made.
std::string try_to_make(const fs::path& group, const char* limit, std::uint64_t bytes) {
  std::error_code error;
  fs::create_directory(group, error);
  if (error) return fmt::format("{}: {}", group.parent_path().string(), error.message());
  if (write_number(group / limit, bytes) && ::access((group / "cgroup.procs").c_str(), W_OK) == 0) return "";
  fs::remove(group, error);
  return fmt::format("{}: its groups have no {} that can be written", group.parent_path().string(), limit);
}

}  // namespace

Result<MemoryGroup> MemoryGroup::make(std::uint64_t bytes) {
  std::string why;
  for (const fs::path& above : own_cgroups()) {
    const std::string failed = try_to_make(above / name_here(), "memory.max", bytes);
    if (failed.empty()) return MemoryGroup(above / name_here(), true);
    why += failed + "; ";
  }
  const std::string failed = try_to_make(fs::path(kMountOfV1) / name_here(), "memory.limit_in_bytes", bytes);
  if (failed.empty()) return MemoryGroup(fs::path(kMountOfV1) / name_here(), false);
  return fail(Code::kUnavailable, "no memory cgroup can be made ({}{})", why, failed);
}

MemoryGroup::~MemoryGroup() {
  std::error_code error;
  for (int i = 0; !path_.empty() && !fs::remove(path_, error) && i < kRemovals; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

std::vector<std::string> MemoryGroup::launcher() const {
  return {"/bin/sh", "-c", R"(echo $$ > "$0" && exec "$@")", (path_ / "cgroup.procs").string()};
}

std::uint64_t MemoryGroup::out_of_memory_kills() const {
  return number_in(path_ / (is_v2_ ? "memory.events" : "memory.oom_control"), "oom_kill");
}

std::uint64_t MemoryGroup::most_bytes() const {
  std::ifstream file(path_ / (is_v2_ ? "memory.peak" : "memory.max_usage_in_bytes"));
  std::uint64_t bytes = 0;
  file >> bytes;
  return bytes;
}

}  // namespace genepool::bench
